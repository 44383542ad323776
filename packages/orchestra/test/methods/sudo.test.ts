import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMethods, type ServerTarget } from '../../src/methods/index.ts'
import { checkServer } from '../../src/talk/index.ts'
import { recordedJob, uniqueSleep } from '../support/jobs.ts'
import { processesWith } from '../support/processes.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'

const run = promisify(execFile)
const success = { kind: 'exited', code: 0, signal: null }
const missing = existsSync('/usr/bin/sudo') ? null : 'sudo is not installed'
if (missing !== null && process.env.CI === 'true') throw new Error(`${missing}, and CI requires it`)

describeSshd('a login that is not root', () => {
  const login = `orc-test-${process.pid}`
  const rule = `/etc/sudoers.d/${login}`
  const methods = createMethods()
  let sshd: Sshd
  let target: ServerTarget

  beforeAll(async () => {
    // A password of `*` is none, and yet the account does not count as locked.
    await run('useradd', ['-p', '*', '-s', '/bin/bash', '-d', '/nonexistent', login])
    sshd = await startSshd()
    target = await sshd.target({ user: login, sudo: true })
  })

  afterAll(async () => {
    await methods.close()
    await sshd.stop()
    await rm(rule, { force: true })
    // The sshd of the last session may not be quite gone.
    await run('userdel', ['-f', login])
  })

  it.skipIf(missing)('is denied, and runs nothing, where sudo asks for a password', async () => {
    const job = recordedJob('echo ran')
    const end = await methods.ssh.run(target, job)
    expect(end).toMatchObject({ kind: 'denied', reason: expect.stringContaining('sudo') })
    expect(job.stdout().toString()).not.toContain('ran')
    const timeouts = job.timeouts
    expect(await checkServer(methods, target, timeouts)).toMatchObject({ user: login, sudo: 'refused' })
  })

  it.skipIf(missing)(
    'becomes root, or whom the job names, by sudo, and ends there what it started',
    async () => {
      await writeFile(rule, `${login} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 })
      const asRoot = recordedJob('id -un; echo "$HOME"')
      expect(await methods.ssh.run(target, asRoot)).toEqual(success)
      expect(asRoot.stdout().toString()).toBe('root\n/root\n')
      const asNobody = recordedJob('id -un', { user: 'nobody' })
      expect(await methods.ssh.run({ ...target, sudo: false }, asNobody)).toEqual(success)
      expect(asNobody.stdout().toString()).toBe('nobody\n')

      const sleeper = uniqueSleep()
      const stop = new AbortController()
      const job = recordedJob(`echo ready; ${sleeper}`, { signal: stop.signal })
      const running = methods.ssh.run(target, job)
      await job.printed('ready')
      stop.abort()
      expect(await running).toEqual({ kind: 'cancelled' })
      expect(await processesWith(sleeper)).toEqual([])
    },
  )
})
