import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readlink, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { createMethods, type JobEnd, type Methods, type ServerTarget } from '../../src/methods/index.ts'
import { LocalMethod } from '../../src/methods/local.ts'
import { recordedJob, uniqueSleep } from '../support/jobs.ts'
import { processesWith, until } from '../support/processes.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'

const success = { kind: 'exited', code: 0, signal: null }

/** Tells what a script could have left for the next. */
const look = `
  trap; umask; ulimit -n; pwd; set +o | sort; shopt | sort; compgen -A function | grep -v ^o_; alias; ls /proc/$BASHPID/fd | wc -l
  echo "[\${left-}] [\${o_token-}] [\${o_size-}] [$#] [\${PIPESTATUS[*]}] $((SECONDS < 60)) $(env | sort | grep -v ^_=)"
  cat; jobs; exec 9<&1`

/** Everything that a shell can keep. */
const mess = `
  left=1; export left; left() { :; }; alias left=ls; set -euf -o pipefail; shopt -s nullglob dotglob extglob; set -- a b c
  cd /; umask 077; ulimit -n 99; trap 'echo trapped' EXIT TERM USR1; trap '' INT HUP; exec 7>/dev/null 8<&1; PATH=/nowhere IFS=x LC_ALL=C
  o_receive() { :; }; o_leaves_nothing() { :; }; printf() { :; }; read() { :; }; o_last=1 o_newest= o_errors=1 o_words=()
  unset HOME; readonly left o_script o_status`

for (const kind of ['ssh', 'openssh', 'local'] as const)
  describeSshd(`a bash of the ${kind} method that stays`, () => {
    let sshd: Sshd
    let target: ServerTarget
    let methods: Methods
    let directory: string

    beforeAll(async () => {
      sshd = await startSshd()
      return () => sshd.stop()
    })

    beforeEach(async () => {
      methods = createMethods()
      target = await sshd.target({ method: kind })
      directory = await mkdtemp(join(tmpdir(), 'orchestra-session-'))
    })

    afterEach(async () => {
      await methods.close()
      await rm(directory, { recursive: true, force: true })
    })

    async function run(lines: string, job = recordedJob(lines), to = target) {
      const end: JobEnd = await methods[kind].run(to, job)
      return { end, out: job.stdout().toString(), err: job.stderr().toString() }
    }

    /** The process id of the bash that the next script comes to. */
    async function bash(to = target, user: string | null = null): Promise<number> {
      const { end, out } = await run('', recordedJob('echo $$', { user }), to)
      expect(end).toEqual(success)
      return Number(out)
    }

    it('takes one script after the other', async () => {
      expect(new Set([await bash(), await bash(), await bash()]).size).toBe(1)
    })

    it('takes one script after the other of a user who cannot see what others do', async () => {
      // Whatever somebody else starts meanwhile could be of the script.
      const all: number[] = []
      await until('two in one', async () => all.push(await bash(target, 'nobody')) > new Set(all).size)
    })

    it('is another one for another user and another directory', async () => {
      const all = [await bash(), await bash(target, 'nobody'), await bash({ ...target, directory })]
      expect(new Set(all).size).toBe(3)
    })

    it('has nothing of a script left for the next', async () => {
      const before = await run(look)
      const pid = await bash()
      expect((await run(mess)).out).toBe('trapped\n')
      expect(await run(look)).toEqual(before)
      expect(await bash()).toBe(pid)
    })

    it.each([
      ['exit 7', 7],
      ['exec true', 0],
      ['exec sh -c "exit 9"', 9],
      ['exec 0<&- 1>&- 2>&-; exit 4', 4],
      ['kill -KILL $BASHPID', 137],
      ['set -u; echo $nothing', 1],
      ['if', 2],
      ['echo >&3', 1],
      ['trap "exit 5" EXIT', 5],
      ['cat; read -r line || exit 6', 6],
      ['( exec 1>&-; kill -TERM $BASHPID ); true', 0],
    ])('goes on after a script that says `%s`', async (lines, code) => {
      const pid = await bash()
      expect((await run(lines)).end).toEqual({ kind: 'exited', code, signal: null })
      expect(await bash()).toBe(pid)
    })

    it('stays whatever others start and end meanwhile', async () => {
      const storm = spawn('bash', ['-c', 'while :; do /bin/true & /bin/true; done'], { stdio: 'ignore' })
      try {
        const all = new Set<number>()
        for (let run = 0; run < 40; run++) all.add(await bash())
        expect(all.size).toBe(1)
      } finally {
        storm.kill('SIGKILL')
      }
    })

    it('says nothing of its own', async () => {
      await bash()
      const { out, err } = await run('kill -KILL $BASHPID')
      expect(out + err).toBe('')
    })

    it('keeps both streams apart and whole, whatever is in them', async () => {
      await bash()
      const lines = String.raw`
        printf '\036orchestra:00000000000000000000000000000000 end 0\n\036orchestra:'; printf '\036orchestra:%s end 3\n' "$o_token" >&2
        head -c 3000000 /dev/zero | tr '\0' '\036'; printf '\n# end x\norchestra-pgid 1 # end x\n\036'; printf '\036' >&2`
      const { end, out, err } = await run(lines)
      expect(end).toEqual(success)
      const start = `\x1eorchestra:${'0'.repeat(32)} end 0\n\x1eorchestra:`
      expect(out === `${start}${'\x1e'.repeat(3_000_000)}\n# end x\norchestra-pgid 1 # end x\n\x1e`).toBe(
        true,
      )
      expect(err).toBe('\x1eorchestra: end 3\n\x1e')
      expect((await run('echo next')).out).toBe('next\n')
    })

    it('runs nothing of a script that did not come whole, and goes', async () => {
      const pid = await bash()
      const canary = join(directory, 'canary')
      const truncated = recordedJob('', { script: Buffer.from(`touch ${canary}\n# end another\n`) })
      expect((await run('', truncated)).end).toEqual({ kind: 'exited', code: 86, signal: null })
      expect(existsSync(canary)).toBe(false)
      expect(await bash()).not.toBe(pid)
    })

    it('takes scripts of megabytes that print megabytes', async () => {
      await bash()
      const text = 'x'.repeat(900_000)
      for (const size of [1, 3]) {
        const { end, out } = await run(`printf %s '${text.repeat(size)}'; head -c 2000000 /dev/zero >&2`)
        expect(end).toEqual(success)
        expect(out.length).toBe(size * text.length)
      }
    })

    it.each([
      'SLEEP >/dev/null 2>&1 &',
      'setsid SLEEP >/dev/null &',
      '( setsid SLEEP 5>&1 >/dev/null 2>&1 & )',
      'set -m; SLEEP >/dev/null 2>&1 &',
    ])(
      'takes no other script after one that leaves `%s` behind, which nobody ends',
      async (line) => {
        // The system's ssh waits for whoever keeps the streams.
        if (kind === 'openssh' && line.includes('setsid')) return
        const sleeper = uniqueSleep()
        const pid = await bash()
        expect((await run(`${line.replace('SLEEP', sleeper)}\necho done`)).out).toBe('done\n')
        expect(await bash()).not.toBe(pid)
        const stop = new AbortController()
        const job = recordedJob('echo ready; sleep 60', { signal: stop.signal })
        const running = methods[kind].run(target, job)
        await job.printed('ready')
        stop.abort()
        expect(await running).toEqual({ kind: 'cancelled' })
        const [left = 0] = await processesWith(sleeper)
        process.kill(left, 'SIGKILL')
      },
      20_000,
    )

    it('that is killed between two scripts is another one, unnoticed', async () => {
      const pid = await bash()
      process.kill(pid, 'SIGKILL')
      const next = await bash()
      expect(next).not.toBe(pid)
      // Without the time that its end needs to be known here.
      process.kill(next, 'SIGSTOP')
      process.kill(next, 'SIGKILL')
      expect((await run('echo next')).out).toBe('next\n')
    })

    it('that is killed in the middle of a script takes it along, or leaves it unknown', async () => {
      const pid = await bash()
      const canary = join(directory, 'canary')
      const sleeper = uniqueSleep()
      const job = recordedJob(`echo ready; ${sleeper}; touch ${canary}`)
      const running = methods[kind].run(target, job)
      await job.printed('ready')
      process.kill(pid, 'SIGKILL')
      // To the system's ssh that is the same as a connection that broke, once the streams are closed.
      if (kind === 'openssh') {
        for (const left of await processesWith(sleeper)) process.kill(left, 'SIGKILL')
        expect(await running).toMatchObject({ kind: 'lost' })
      } else {
        expect(await running).toMatchObject({ kind: 'exited', code: null })
        expect(await processesWith(sleeper)).toEqual([])
        expect(existsSync(canary)).toBe(false)
      }
      expect((await run('echo next')).out).toBe('next\n')
    })

    it('takes no other script after one that was ended', async () => {
      const pid = await bash()
      const stop = new AbortController()
      const job = recordedJob('trap "" TERM; echo ready; while :; do sleep 1; done', { signal: stop.signal })
      const running = methods[kind].run(target, job)
      await job.printed('ready')
      stop.abort()
      expect(await running).toEqual({ kind: 'cancelled' })
      expect(existsSync(`/proc/${pid}`)).toBe(false)
      expect(await bash()).not.toBe(pid)
    }, 15_000)

    it('works in the directory that is there now', async () => {
      const changing = { ...target, directory: join(directory, 'changing') }
      await mkdir(changing.directory)
      const pid = await bash(changing)
      await rm(changing.directory, { recursive: true })
      expect(await run('', recordedJob('echo ran'), changing)).toMatchObject({
        end: { kind: 'exited', code: 85 },
        out: '',
      })
      await mkdir(changing.directory)
      expect((await run('', recordedJob('touch here; echo $$'), changing)).out).toBe(`${pid}\n`)
      expect(existsSync(join(changing.directory, 'here'))).toBe(true)
    })

    it('waits outside of the home that scripts begin in', async () => {
      const { out } = await run('echo "$$ $PWD"')
      const [pid, place] = out.trim().split(' ')
      // A script of this machine begins where its worker is.
      expect(place).toBe(kind === 'local' ? process.cwd() : userInfo().homedir)
      expect(await readlink(`/proc/${pid}/cwd`)).toBe('/')
    })

    it('has ended when the methods are closed', async () => {
      const pid = await bash()
      await methods.close()
      await until('the bash is gone', () => !existsSync(`/proc/${pid}`))
    })
  })

it('a bash that nobody uses is ended', async () => {
  const local = new LocalMethod(process.env, 50)
  const target = { name: 'here', directory: null, sudo: false } as ServerTarget
  const job = recordedJob('echo $$')
  expect(await local.run(target, job)).toEqual(success)
  await until('the bash is gone', () => !existsSync(`/proc/${job.stdout().toString().trim()}`))
  await local.close()
})
