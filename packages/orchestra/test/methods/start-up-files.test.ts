import { execFile } from 'node:child_process'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMethods, type JobEnd, type ServerTarget } from '../../src/methods/index.ts'
import { type RecordedJob, recordedJob, uniqueSleep } from '../support/jobs.ts'
import { processesWith, until } from '../support/processes.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'

const run = promisify(execFile)
const success = { kind: 'exited', code: 0, signal: null }
/** Of what never begins. */
const short = 1_500
const timeouts = { connect: 3_000, idle: 20_000, total: 60_000 }

interface Tried {
  end: JobEnd
  job: RecordedJob
  /** Whether any line of the script ran, in whatever shell. */
  ran: boolean
}

for (const kind of ['ssh', 'openssh'] as const)
  describeSshd(`a login of the ${kind} method`, () => {
    let sshd: Sshd
    let target: ServerTarget
    let home: string
    const shellOf = `orc-shell-${process.pid}-${kind}`

    beforeAll(async () => {
      sshd = await startSshd()
      target = await sshd.target({ method: kind })
      home = join(sshd.directory, 'home')
      await run('useradd', ['-p', '*', '-s', '/bin/bash', '-d', home, shellOf])
    })

    afterAll(async () => {
      await sshd.stop()
      // The sshd of the last session may not be quite gone.
      await run('userdel', ['-f', shellOf])
    })

    async function script(to: ServerTarget, patience = timeouts.connect): Promise<Tried> {
      const canary = join(sshd.directory, 'canary')
      await rm(canary, { force: true })
      const methods = createMethods()
      // A line of its own: a shell that reads lines as they come runs it, whole script or not.
      const job = recordedJob(`echo > ${canary}\necho "shell=\${BASH_VERSION:+bash}"`, {
        timeouts: { ...timeouts, connect: patience },
      })
      try {
        const end = await methods[kind].run(to, job)
        const ran = await stat(canary).then(
          () => true,
          () => false,
        )
        return { end, job, ran }
      } finally {
        await methods.close()
      }
    }

    /** With this in the start-up file of root's bash. */
    async function withStartUp(content: string, patience?: number): Promise<Tried> {
      await writeFile(join(home, '.bashrc'), content)
      try {
        return await script(target, patience)
      } finally {
        await rm(join(home, '.bashrc'))
      }
    }

    it.each(['exec zsh', 'exec bash', 'exec cat'])(
      'whose start-up file says `%s` gets nothing, and the error says why',
      async (line) => {
        const { end, job, ran } = await withStartUp(`${line}\n`, short)
        expect(end).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('start-up file') })
        expect({ ran, started: job.started() }).toEqual({ ran: false, started: false })
      },
    )

    it.each(['exec bash', 'exec zsh'])(
      'whose start-up file greets and then says `%s` gets nothing',
      async (line) => {
        const { end, job, ran } = await withStartUp(`echo welcome; ${line}\n`, short)
        expect(end).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('start-up file') })
        expect({ ran, started: job.started() }).toEqual({ ran: false, started: false })
      },
    )

    it.each(['read -r line', 'sleep'])(
      'whose start-up file waits (`%s`) gets nothing, and the error says why',
      async (what) => {
        const sleeper = uniqueSleep()
        const { end, job, ran } = await withStartUp(`${what === 'sleep' ? sleeper : what}\n`, short)
        expect(end).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('start-up file') })
        expect({ ran, started: job.started() }).toEqual({ ran: false, started: false })
        await until('nothing of the login is left', async () => (await processesWith(sleeper)).length === 0)
      },
    )

    it.each(['echo welcome; SLEEP', 'SLEEP | cat; SLEEP', 'trap "" TERM HUP; SLEEP'])(
      'whose start-up file waits (`%s`) leaves no process behind, of whatever user',
      async (line) => {
        for (const user of ['root', shellOf]) {
          const sleeper = uniqueSleep()
          await run('usermod', ['-s', '/bin/bash', shellOf])
          await run('chmod', ['a+rx', home])
          await writeFile(join(home, '.bashrc'), `${line.replaceAll('SLEEP', sleeper)}\n`)
          const { end } = await script({ ...target, user }, short)
          await rm(join(home, '.bashrc'))
          expect(end).toMatchObject({ kind: 'unreachable' })
          await until('nothing of the login is left', async () => (await processesWith(sleeper)).length === 0)
        }
      },
    )

    it('that is cancelled while its start-up file waits leaves no process behind', async () => {
      const sleeper = uniqueSleep()
      const stop = new AbortController()
      await writeFile(join(home, '.bashrc'), `echo welcome; ${sleeper}\n`)
      const methods = createMethods()
      try {
        const running = methods[kind].run(target, recordedJob('true', { timeouts, signal: stop.signal }))
        await until('the login waits', async () => (await processesWith(sleeper)).length > 0)
        stop.abort()
        expect(await running).toEqual({ kind: 'cancelled' })
        await until('nothing of the login is left', async () => (await processesWith(sleeper)).length === 0)
      } finally {
        await methods.close()
        await rm(join(home, '.bashrc'))
      }
    })

    it('whose start-up file prints megabytes runs the script, whose output is its own alone', async () => {
      const { end, job } = await withStartUp('head -c 5000000 /dev/zero\nhead -c 5000000 /dev/zero >&2\n')
      expect(end).toEqual(success)
      expect(job.stdout().toString()).toBe('shell=bash\n')
    })

    it('whose PATH lacks the directories of the system finds what is there, and becomes another user', async () => {
      await writeFile(join(home, '.bashrc'), 'PATH=/usr/bin:/bin\n')
      const methods = createMethods()
      try {
        for (const user of [null, 'nobody']) {
          const job = recordedJob('id -un; type -P runuser; sh -c "command -v useradd"', { timeouts, user })
          expect(await methods[kind].run(target, job)).toEqual(success)
          expect(job.stdout().toString()).toBe(`${user ?? 'root'}\n/usr/sbin/runuser\n/usr/sbin/useradd\n`)
        }
      } finally {
        await methods.close()
        await rm(join(home, '.bashrc'))
      }
    })

    it('whose start-up file prints without end gets nothing', async () => {
      const { end, ran } = await withStartUp('yes\n', 20_000)
      expect(end).toMatchObject({ kind: 'denied', reason: expect.stringContaining('without end') })
      expect(ran).toBe(false)
    })

    it.each([
      'set -e',
      'set -u',
      'set -euo pipefail; shopt -s failglob',
      'PATH=/usr/bin:/bin',
      'exec 3</dev/null',
      'cd /; umask 777',
      'trap "echo trapped" EXIT',
    ])('whose start-up file says `%s` runs the script', async (line) => {
      const { end, job } = await withStartUp(`${line}\n`)
      expect(end).toEqual(success)
      expect(job.stdout().toString()).toBe('shell=bash\n')
    })

    it.each(['exit 0', 'exit 3', 'false && exec true; exec true', 'kill $$', 'exec /nowhere'])(
      'whose start-up file ends it (`%s`) gets nothing',
      async (line) => {
        const { end, job, ran } = await withStartUp(`echo goodbye >&2\n${line}\n`)
        expect(end).toMatchObject({
          kind: expect.stringMatching(/denied|unreachable/),
          reason: expect.stringContaining('goodbye'),
        })
        expect({ ran, started: job.started() }).toEqual({ ran: false, started: false })
      },
    )

    it.each([
      ['/bin/sh', null],
      ['/bin/dash', null],
      ['/bin/zsh', '.zshenv'],
      ['/usr/bin/fish', '.config/fish/config.fish'],
      ['/bin/tcsh', '.cshrc'],
    ])(
      'with the shell %s runs the script by bash, whatever its start-up file prints',
      async (shell, file) => {
        await run('usermod', ['-s', shell, shellOf])
        if (file !== null) {
          await mkdir(dirname(join(home, file)), { recursive: true })
          await writeFile(join(home, file), 'echo welcome\n')
        }
        await run('chmod', ['-R', 'a+rwX', home])
        const methods = createMethods()
        try {
          const job = recordedJob(`echo "shell=\${BASH_VERSION:+bash}"`, { timeouts })
          expect(await methods[kind].run({ ...target, user: shellOf }, job)).toEqual(success)
          expect(job.stdout().toString()).toBe('shell=bash\n')
        } finally {
          await methods.close()
        }
      },
    )

    it.each(['/usr/sbin/nologin', '/bin/false'])('with the shell %s is denied', async (shell) => {
      await run('usermod', ['-s', shell, shellOf])
      const { end, ran } = await script({ ...target, user: shellOf })
      expect(end).toMatchObject({ kind: 'denied', reason: expect.stringContaining('exit 1') })
      expect(ran).toBe(false)
    })
  })

for (const [what, lines] of [
  ['ForceCommand', (command: string) => [`ForceCommand ${command}`]],
  ['a banner and a message of the day', () => ['Banner /etc/services', 'PrintMotd yes']],
] as const)
  describeSshd(`a server with ${what}`, () => {
    it.each(['ssh', 'openssh'] as const)(
      'gets a script whole or not at all by the %s method',
      async (kind) => {
        for (const command of ['bash', 'echo hello', 'sh -c "$SSH_ORIGINAL_COMMAND"']) {
          const sshd = await startSshd({ config: lines(command) })
          const methods = createMethods()
          try {
            const job = recordedJob('echo arrived', { timeouts: { ...timeouts, connect: short } })
            const end = await methods[kind].run(await sshd.target({ method: kind }), job)
            const works = what !== 'ForceCommand' || command.includes('ORIGINAL')
            if (works)
              expect({ end, out: job.stdout().toString() }).toEqual({ end: success, out: 'arrived\n' })
            else {
              expect(end).toMatchObject({ kind: command.startsWith('echo') ? 'denied' : 'unreachable' })
              expect(job.started()).toBe(false)
            }
          } finally {
            await methods.close()
            await sshd.stop()
          }
          if (what !== 'ForceCommand') break
        }
      },
      30_000,
    )
  })
