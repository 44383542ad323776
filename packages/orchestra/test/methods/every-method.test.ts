import { createHash } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMethods, type Method, type ServerTarget } from '../../src/methods/index.ts'
import { checkServer } from '../../src/talk/index.ts'
import { recordedJob, uniqueSleep } from '../support/jobs.ts'
import { liveBufferBytes } from '../support/live-memory.ts'
import { processesWith, until } from '../support/processes.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'

const success = { kind: 'exited', code: 0, signal: null }
const timeouts = { connect: 5_000, idle: 20_000, total: 60_000 }

for (const kind of ['ssh', 'openssh', 'local'] as const)
  describeSshd(`the ${kind} method`, () => {
    const methods = createMethods()
    const method: Method = methods[kind]
    let sshd: Sshd
    let target: ServerTarget
    let directory: string

    beforeAll(async () => {
      sshd = await startSshd()
      target = await sshd.target({ method: kind })
      directory = await mkdtemp(join(tmpdir(), 'orchestra-methods-'))
    })

    afterAll(async () => {
      await methods.close()
      await sshd.stop()
      await rm(directory, { recursive: true, force: true })
    })

    it('runs a script and passes on both streams and the exit status', async () => {
      const job = recordedJob('echo out; echo err >&2; exit 3')
      expect(await method.run(target, job)).toEqual({ kind: 'exited', code: 3, signal: null })
      expect(job.stdout().toString()).toBe('out\n')
      expect(job.stderr().toString()).toBe('err\n')
      expect(job.started()).toBe(true)
    })

    it('runs several scripts at once, each with its own output', async () => {
      const jobs = Array.from({ length: 12 }, (_, index) => recordedJob(`sleep 0.1; echo number ${index}`))
      const ends = await Promise.all(jobs.map((job) => method.run(target, job)))
      expect(ends).toEqual(jobs.map(() => success))
      expect(jobs.map((job) => job.stdout().toString())).toEqual(jobs.map((_, index) => `number ${index}\n`))
    })

    it('gives the script nothing on stdin', async () => {
      const job = recordedJob('cat; echo after')
      expect(await method.run(target, job)).toEqual(success)
      expect(job.stdout().toString()).toBe('after\n')
    })

    it('passes on bytes that are no text, and a last line without its end', async () => {
      const job = recordedJob(String.raw`printf '\xff\xfe\x00\x80 orchestra-pgid 1 # end \xe2\x82'`)
      expect(await method.run(target, job)).toEqual(success)
      expect(job.stdout().toString('latin1')).toBe('\xff\xfe\x00\x80 orchestra-pgid 1 # end \xe2\x82')
    })

    it('passes on 100 MB exactly, and waits for a slow reader instead of filling memory', async () => {
      const size = 100 * 1024 * 1024
      const hash = createHash('sha256')
      let bytesSeen = 0
      let peak = 0
      const before = liveBufferBytes()
      let measuredAt = 0
      const job = recordedJob(`yes 0123456789abcde | head -c ${size}`, {
        onOutput: (_, bytes) => {
          hash.update(bytes)
          bytesSeen += bytes.length
          if (bytesSeen - measuredAt > size / 25) {
            measuredAt = bytesSeen
            peak = Math.max(peak, liveBufferBytes() - before)
          }
          return new Promise((resolve) => setImmediate(resolve))
        },
      })
      expect(await method.run(target, job)).toEqual(success)
      expect(bytesSeen).toBe(size)
      const expected = createHash('sha256').update('0123456789abcde\n'.repeat(size / 16))
      expect(hash.digest('hex')).toBe(expected.digest('hex'))
      expect(measuredAt).toBeGreaterThan(0)
      // A full window, each piece in a buffer of what it was received with: up to 19 MB on a busy machine.
      expect(peak).toBeLessThan(32 * 1024 * 1024)
    }, 60_000)

    it('holds the script back while the job is busy with its output', async () => {
      const release = Promise.withResolvers<void>()
      let bytesSeen = 0
      const progress = join(directory, 'progress')
      const job = recordedJob(`head -c 50000000 /dev/zero; touch ${progress}`, {
        timeouts: { ...timeouts, idle: 500 },
        onOutput: (_, bytes) => {
          bytesSeen += bytes.length
          return release.promise
        },
      })
      const running = method.run(target, job)
      // Longer than the idle timeout, which must not pass while it is we who are slow.
      setTimeout(release.resolve, 1200)
      await release.promise
      expect(bytesSeen).toBeLessThan(5_000_000)
      await expect(stat(progress)).rejects.toThrow('ENOENT')
      expect(await running).toEqual(success)
      expect(bytesSeen).toBe(50_000_000)
    }, 30_000)

    it('takes a script of 20 MB', async () => {
      const job = recordedJob(`: '${'x'.repeat(20 * 1024 * 1024)}'\necho arrived`)
      expect(await method.run(target, job)).toEqual(success)
      expect(job.stdout().toString()).toBe('arrived\n')
    }, 60_000)

    it('runs nothing of a script whose last line is missing', async () => {
      const canary = join(directory, `truncated-${kind}`)
      const job = recordedJob('', { script: Buffer.from(`touch ${canary}\necho ran\n`) })
      expect(await method.run(target, job)).toMatchObject({ kind: 'exited', code: 86 })
      await expect(stat(canary)).rejects.toThrow('ENOENT')
    })

    it('starts in the directory of the server and keeps state below it', async () => {
      const strange = join(directory, `it's a \\"strange" $(dir)!`)
      await method.run(
        target,
        recordedJob(`mkdir -p ${JSON.stringify(directory)}/it\\'s\\ a\\ \\\\\\"strange\\"\\ \\$\\(dir\\)!`),
      )
      const job = recordedJob('echo "$PWD"; echo "$ORCHESTRA_STATE"')
      expect(await method.run({ ...target, directory: strange }, job)).toEqual(success)
      expect(job.stdout().toString()).toBe(`${strange}\n${strange}/.orchestra-state\n`)
    })

    it('runs nothing where the directory of the server is missing', async () => {
      const job = recordedJob('echo ran')
      const end = await method.run({ ...target, directory: join(directory, 'missing') }, job)
      expect(end).toMatchObject({ kind: 'exited', code: 85 })
      expect(job.stdout().toString()).toBe('')
      expect(job.stderr().toString()).toContain('missing')
    })

    it('hands the script to another interpreter', async () => {
      const job = recordedJob('BEGIN { print 6 * 7 }', { interpreter: ['awk', '-f', '/dev/stdin'] })
      expect(await method.run(target, job)).toEqual(success)
      expect(job.stdout().toString()).toBe('42\n')
    })

    it('becomes another user, with the home of that user', async () => {
      const job = recordedJob('id -un; echo "$HOME"', { user: 'nobody' })
      expect(await method.run(target, job)).toEqual(success)
      expect(job.stdout().toString()).toBe('nobody\n/nonexistent\n')
    })

    it('says that bash did not begin where it cannot become the user', async () => {
      const job = recordedJob('echo ran', { user: 'orchestra-nobody-at-all' })
      const end = await method.run(target, job)
      expect(end).toMatchObject({
        kind: 'denied',
        reason: expect.stringContaining('orchestra-nobody-at-all'),
      })
    })

    it('ends a script that is silent for too long, there', async () => {
      const sleeper = uniqueSleep()
      const job = recordedJob(`echo ready; ${sleeper}`, { timeouts: { ...timeouts, idle: 400 } })
      expect(await method.run(target, job)).toEqual({ kind: 'timeout', which: 'idle', limit: 400 })
      expect(await processesWith(sleeper)).toEqual([])
    })

    it('lets a script run on that prints often enough', async () => {
      const job = recordedJob('for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.1; done', {
        timeouts: { ...timeouts, idle: 500 },
      })
      expect(await method.run(target, job)).toEqual(success)
    })

    it('ends a script that takes too long, there, however much it prints', async () => {
      const sleeper = uniqueSleep()
      const job = recordedJob(`${sleeper} & while :; do echo busy; sleep 0.05; done`, {
        timeouts: { ...timeouts, total: 500 },
      })
      expect(await method.run(target, job)).toEqual({ kind: 'timeout', which: 'total', limit: 500 })
      expect(await processesWith(sleeper)).toEqual([])
    })

    it('ends the whole process group when it is cancelled', async () => {
      const sleepers = [uniqueSleep(), uniqueSleep(), uniqueSleep()]
      const stop = new AbortController()
      const lines = `${sleepers[0]} & (${sleepers[1]}; :) & echo ready; ${sleepers[2]}; echo survived`
      const job = recordedJob(lines, { signal: stop.signal })
      const running = method.run(target, job)
      await job.printed('ready')
      stop.abort()
      expect(await running).toEqual({ kind: 'cancelled' })
      for (const sleeper of sleepers) expect(await processesWith(sleeper)).toEqual([])
      expect(job.stdout().toString()).toBe('ready\n')
    })

    it('insists when a cancelled script does not want to end', async () => {
      const sleeper = uniqueSleep()
      const stop = new AbortController()
      const job = recordedJob(`trap '' TERM; echo ready; ${sleeper}`, { signal: stop.signal })
      const running = method.run(target, job)
      await job.printed('ready')
      stop.abort()
      expect(await running).toEqual({ kind: 'cancelled' })
      expect(await processesWith(sleeper)).toEqual([])
    }, 15_000)

    it('ends the script there when its output cannot be taken', async () => {
      const sleeper = uniqueSleep()
      const job = recordedJob(`echo ready; ${sleeper}`, {
        onOutput: () => {
          throw new Error('the log is full')
        },
      })
      await expect(method.run(target, job)).rejects.toThrow('the log is full')
      expect(await processesWith(sleeper)).toEqual([])
    })

    it('starts nothing when it was cancelled before', async () => {
      const job = recordedJob('echo ran', { signal: AbortSignal.abort() })
      expect(await method.run(target, job)).toEqual({ kind: 'cancelled' })
      expect(job.started()).toBe(false)
    })

    // The system's ssh itself waits for the daemon, and tells no exit status before.
    if (kind !== 'openssh')
      it('does not wait for a daemon that keeps the streams open', async () => {
        const sleeper = uniqueSleep()
        const job = recordedJob(`${sleeper} & echo done`)
        expect(await method.run(target, job)).toEqual(success)
        expect(job.stdout().toString()).toBe('done\n')
        for (const pid of await processesWith(sleeper)) process.kill(pid)
        await until('the sleeper is gone', async () => (await processesWith(sleeper)).length === 0)
      }, 15_000)

    it('tells what a server offers to scripts', async () => {
      const check = await checkServer(methods, target, timeouts)
      expect(check).toMatchObject({ kind: 'usable', user: 'root', sudo: 'not needed', flock: true })
      expect(check.kind === 'usable' && check.bash).toMatch(/^5\./)
    })
  })
