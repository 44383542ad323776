import { createHash, randomUUID } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMethods, type ServerTarget } from '../../src/methods/index.ts'
import {
  type Command,
  raw,
  renderAbsorb,
  renderEmit,
  sh,
  type TransferScript,
} from '../../src/script/index.ts'
import { send } from '../../src/talk/index.ts'
import { type Part, type Piped, type PipeOptions, pipe } from '../../src/transfer/pipe.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { uniqueSleep } from '../support/jobs.ts'
import { liveBufferBytes } from '../support/live-memory.ts'
import { processesWith, until } from '../support/processes.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'

const nobody = { uid: 65_534, gid: 65_534 }

const success = { exit: 0 }
const cancelled = { verdict: { kind: 'cancelled' } }
const timeouts = { connect: 5_000, idle: 20_000, total: Number.POSITIVE_INFINITY }
const megabyte = 1024 * 1024
const wide = { bytes: 2 ** 40, free: 1, total: 600_000 }

interface Streamed extends Piped {
  said: string
  bytes: number
}

for (const kind of ['ssh', 'openssh', 'local'] as const)
  describeSshd(`a stream by the ${kind} method`, () => {
    const methods = createMethods()
    let sshd: Sshd
    let proxy: FaultProxy
    let directory: string
    let old: ServerTarget
    let fresh: ServerTarget
    let lastId = 0

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'orchestra-stream-'))
      await mkdir(join(directory, 'old'))
      await mkdir(join(directory, 'new'))
      sshd = await startSshd()
      proxy = await startFaultProxy(sshd.port)
      old = await sshd.target({ method: kind, name: 'old', directory: join(directory, 'old') })
      fresh = await sshd.target({ method: kind, name: 'new', directory: join(directory, 'new') })
    })

    afterAll(async () => {
      await methods.close()
      await proxy.stop()
      await sshd.stop()
      await rm(directory, { recursive: true, force: true })
    })

    interface Ends {
      from?: ServerTarget
      to?: ServerTarget
      id?: number
      attempt?: number
      user?: string
      options?: Partial<PipeOptions>
    }

    async function stream(dump: Command, restore: Command, ends: Ends = {}): Promise<Streamed> {
      const { id = ++lastId, attempt = 1 } = ends
      const limits = ends.options?.limits ?? wide
      const tried = (side: 'from' | 'to') => ({ transferId: id, attempt, side, runId: randomUUID() })
      let said = ''
      let bytes = 0
      const side = <Script extends TransferScript>(script: Script, target: ServerTarget) => ({
        script,
        run: ({ push, ...part }: Part) => {
          const { runId, text } = script
          const message = { runId, text, user: ends.user ?? null, ...part }
          return send<never>(methods, target, message, { push, end: () => ({ answer: null, said: '' }) })
        },
        onOutput: (_: string, output: Uint8Array) => {
          said += Buffer.from(output)
        },
      })
      const piped = await pipe({
        from: side(renderEmit(tried('from'), dump), ends.from ?? old),
        to: side(renderAbsorb(tried('to'), restore, limits), ends.to ?? fresh),
        timeouts,
        limits,
        signal: new AbortController().signal,
        onBytes: (total) => {
          bytes = total
        },
        ...ends.options,
      })
      return { ...piped, said, bytes }
    }

    it('carries every byte, whatever it is, and nothing else', async () => {
      const bytes = Buffer.concat([
        Buffer.from('1048576\nend\n# end x\n\0\r\n'),
        Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 7 + (index >> 8)) & 255)),
        Buffer.from('no line end'),
      ])
      await writeFile(join(directory, 'odd'), bytes)
      const streamed = await stream(sh`cat ${directory}/odd`, sh`cat >${directory}/odd-copy`)
      expect(streamed).toMatchObject({
        from: success,
        to: success,
        isWhole: true,
        said: '',
        bytes: bytes.length,
      })
      expect(await readFile(join(directory, 'odd-copy'))).toEqual(bytes)
    })

    it('carries nothing where there is nothing', async () => {
      const streamed = await stream(sh`true`, sh`cat >${directory}/empty`)
      expect(streamed).toMatchObject({ from: success, to: success, isWhole: true, bytes: 0 })
      expect(await readFile(join(directory, 'empty'), 'utf8')).toBe('')
    })

    it('carries 300 MB in constant memory', async () => {
      const size = 300 * megabyte
      const before = liveBufferBytes()
      let peak = 0
      let measuredAt = 0
      const dump = sh`${raw(`yes 0123456789abcde | head -c ${size} || [[ $? == 141 ]]`)}`
      const streamed = await stream(dump, sh`sha256sum`, {
        options: {
          onBytes: (total) => {
            if (total - measuredAt < size / 25) return
            measuredAt = total
            peak = Math.max(peak, liveBufferBytes() - before)
          },
        },
      })
      expect(streamed).toMatchObject({ from: success, to: success, isWhole: true })
      const expected = createHash('sha256')
      for (let left = size; left > 0; left -= megabyte)
        expected.update('0123456789abcde\n'.repeat(megabyte / 16))
      expect(streamed.said).toBe(`${expected.digest('hex')}  -\n`)
      expect(measuredAt).toBeGreaterThan(0)
      // A frame that fills, one that waits, and the windows of two channels, of 2 MB each; 1 to 5 MB were seen.
      expect(peak).toBeLessThan(8 * megabyte)
    }, 120_000)

    it('ends the dump when the restore fails early, and tells of the restore', async () => {
      const sleeper = uniqueSleep()
      const streamed = await stream(
        sh`${raw('yes | head -c 3000000 || true')}; ${raw(sleeper)}`,
        sh`echo no room >&2; exit 3`,
      )
      expect(streamed).toMatchObject({ to: { exit: 3 }, from: cancelled })
      expect(streamed.said).toContain('no room')
      expect(await processesWith(sleeper)).toEqual([])
    })

    it('ends the restore before it sees an end of data when the dump fails late', async () => {
      const streamed = await stream(
        sh`echo first; echo broke down >&2; exit 5`,
        sh`cat >${directory}/failed; touch ${directory}/failed-ended`,
      )
      expect(streamed).toMatchObject({
        from: { exit: 5 },
        to: cancelled,
        isWhole: false,
      })
      expect(streamed.said).toContain('broke down')
      await expect(stat(join(directory, 'failed-ended'))).rejects.toThrow('ENOENT')
    })

    it('fails a dump in whose pipeline something failed', async () => {
      const streamed = await stream(sh`false | cat`, sh`cat; touch ${directory}/pipeline-ended`)
      expect(streamed).toMatchObject({ from: { exit: 1 }, isWhole: false })
      await expect(stat(join(directory, 'pipeline-ended'))).rejects.toThrow('ENOENT')
    })

    it('lets a restore succeed that leaves the end of the data unread', async () => {
      const streamed = await stream(sh`head -c 20000000 /dev/zero`, sh`head -c 10 >${directory}/ten`)
      expect(streamed).toMatchObject({ from: success, to: success, isWhole: true, bytes: 20_000_000 })
      expect((await stat(join(directory, 'ten'))).size).toBe(10)
    })

    it('gives a command no stdin but the data', async () => {
      const streamed = await stream(sh`cat; echo done`, sh`cat; cat`)
      expect(streamed).toMatchObject({ to: success, said: 'done\n' })
    })

    it('ends both sides when nothing moves for too long', async () => {
      const [here, there] = [uniqueSleep(), uniqueSleep()]
      const streamed = await stream(sh`echo data; ${raw(here)}`, sh`cat; ${raw(there)}`, {
        options: { timeouts: { ...timeouts, idle: 700 } },
      })
      expect(streamed.ended).toBe('idle')
      expect([...(await processesWith(here)), ...(await processesWith(there))]).toEqual([])
    })

    it('ends both sides of a stream without an end, at the bytes that it may have', async () => {
      const sleeper = uniqueSleep()
      const streamed = await stream(sh`cat /dev/zero`, sh`cat >/dev/null; ${raw(sleeper)}`, {
        options: { limits: { ...wide, bytes: 20 * megabyte } },
      })
      expect(streamed).toMatchObject({ ended: 'bytes', isWhole: false, to: cancelled })
      expect(streamed.bytes).toBeLessThan(60 * megabyte)
      expect(await processesWith(sleeper)).toEqual([])
    })

    it('ends both sides of a stream that trickles, when its time is over', async () => {
      const streamed = await stream(sh`while echo; do sleep 0.05; done`, sh`cat >/dev/null`, {
        options: { limits: { ...wide, total: 1_000 } },
      })
      expect(streamed).toMatchObject({ ended: 'total', isWhole: false })
    })

    it('makes no file that is larger than the copy may be, whatever holes it has', async () => {
      const streamed = await stream(sh`echo`, sh`cat >/dev/null; truncate -s 8G ${directory}/hole`, {
        options: { limits: { ...wide, bytes: 20 * megabyte } },
      })
      expect(streamed.to).toMatchObject({ exit: 1 })
      expect(streamed.said).toContain('File too large')
    })

    it('waits for a slow restore as long as something moves', async () => {
      const restore = sh`${raw('for i in {1..12}; do head -c 100000 >/dev/null; sleep 0.1; echo; done; cat >/dev/null')}`
      const streamed = await stream(sh`head -c 3000000 /dev/zero`, restore, {
        options: { timeouts: { ...timeouts, idle: 800 } },
      })
      expect(streamed).toMatchObject({ to: success, isWhole: true })
    })

    it('ends both sides on their servers when it is cancelled', async () => {
      const [here, there] = [uniqueSleep(), uniqueSleep()]
      const stop = new AbortController()
      const running = stream(sh`yes & ${raw(here)}`, sh`${raw(there)}`, { options: { signal: stop.signal } })
      await until(
        'both run',
        async () => (await processesWith(there)).length > 0 && (await processesWith(here)).length > 0,
      )
      stop.abort()
      expect(await running).toMatchObject({
        from: cancelled,
        to: cancelled,
        isWhole: false,
      })
      expect([...(await processesWith(here)), ...(await processesWith(there))]).toEqual([])
    })

    it('begins no dump where the restore cannot begin', async () => {
      const streamed = await stream(sh`touch ${directory}/dumped`, sh`cat`, {
        to: { ...fresh, directory: join(directory, 'missing') },
      })
      expect(streamed.to).not.toMatchObject(success)
    })

    it('ends what an earlier try left running, and bars an earlier one', async () => {
      const sleeper = uniqueSleep()
      const id = ++lastId
      const first = stream(sh`echo data`, sh`${raw(sleeper)}`, { id, attempt: 3 })
      await until('the first restore runs', async () => (await processesWith(sleeper)).length > 0)
      expect(await stream(sh`echo data`, sh`cat`, { id, attempt: 4 })).toMatchObject({
        to: success,
        said: 'data\n',
      })
      expect((await first).to).not.toMatchObject(success)
      expect(await processesWith(sleeper)).toEqual([])
      const late = await stream(sh`echo data`, sh`cat`, { id, attempt: 3 })
      // Whichever side is barred first ends the other.
      expect([late.from?.exit, late.to.exit]).toContain(87)
      expect(late.said).toBe('')
    })

    it('becomes another user on both sides', async () => {
      const shared = join(directory, 'shared')
      await mkdir(shared)
      await chmod(directory, 0o755)
      await chown(shared, nobody.uid, nobody.gid)
      const target = { ...old, directory: shared }
      const streamed = await stream(sh`id -un`, sh`cat; id -un`, { from: target, to: target, user: 'nobody' })
      expect(streamed).toMatchObject({ to: success, said: 'nobody\nnobody\n' })
    })

    if (kind !== 'local') {
      for (const direction of ['input', 'output'] as const)
        it(`knows that data broke off when the connection is cut on the ${direction} of a side`, async () => {
          const cut = { kind: 'cut', direction, after: 5 * megabyte } as const
          const dump = sh`head -c 50000000 /dev/zero`
          const restore = sh`cat >/dev/null; touch ${directory}/cut-${direction}`
          proxy.set(cut)
          const behind = { ...(direction === 'input' ? fresh : old), port: proxy.port }
          const ends = direction === 'input' ? { to: behind } : { from: behind }
          const streamed = await stream(dump, restore, ends)
          proxy.set({ kind: 'none' })
          expect(streamed[direction === 'input' ? 'to' : 'from']).toMatchObject({
            verdict: { kind: 'unknown' },
          })
          await until(
            'nothing of it runs',
            async () => (await processesWith(`cut-${direction}`)).length === 0,
          )
          await expect(stat(join(directory, `cut-${direction}`))).rejects.toThrow('ENOENT')
        }, 30_000)
    }
  })
