import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMethods } from '../../src/methods/index.ts'
import { recordedJob } from '../support/jobs.ts'
import { until } from '../support/processes.ts'
import { describeSshd, makeKey, type Sshd, startSshd } from '../support/sshd.ts'

const run = promisify(execFile)
const success = { kind: 'exited', code: 0, signal: null }

describeSshd('an ssh-agent', () => {
  let sshd: Sshd
  let agent: ChildProcess
  let environment: NodeJS.ProcessEnv
  let encrypted: string

  beforeAll(async () => {
    sshd = await startSshd()
    const socket = join(sshd.directory, 'agent')
    agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
    await until('the agent listens', () => existsSync(socket))
    environment = { SSH_AUTH_SOCK: socket }
    encrypted = join(sshd.directory, 'encrypted')
    await makeKey(encrypted, 'ed25519', 'open sesame')
  })

  afterAll(async () => {
    agent.kill()
    await once(agent, 'exit')
    await sshd.stop()
  })

  async function login(identityFile: string | null) {
    const methods = createMethods({ environment })
    try {
      return await methods.ssh.run(await sshd.target({ identityFile }), recordedJob('true'))
    } finally {
      await methods.close()
    }
  }

  it('that holds no key lets nobody in, and then lets in with the one that was added', async () => {
    expect(await login(null)).toMatchObject({ kind: 'denied' })
    await run('ssh-add', ['-q', sshd.clientKeyPath], { env: { ...process.env, ...environment } })
    expect(await login(null)).toEqual(success)
  })

  it('stands in for a key file that is encrypted', async () => {
    await run('ssh-add', ['-q', sshd.clientKeyPath], { env: { ...process.env, ...environment } })
    expect(await login(encrypted)).toEqual(success)
  })

  it('that has gone leaves the login denied', async () => {
    const methods = createMethods({ environment: { SSH_AUTH_SOCK: join(sshd.directory, 'no-agent') } })
    const end = await methods.ssh.run(await sshd.target({ identityFile: null }), recordedJob('true'))
    expect(end).toMatchObject({ kind: 'denied', reason: expect.stringContaining('ssh-agent') })
    await methods.close()
  })
})

describeSshd('a jump host of the ssh_config', () => {
  const name = `orchestra-test-${process.pid}`
  const config = `/etc/ssh/ssh_config.d/${name}.conf`
  let jump: Sshd
  let sshd: Sshd

  beforeAll(async () => {
    jump = await startSshd()
    sshd = await startSshd()
    const known = join(jump.directory, 'known')
    await writeFile(known, `[127.0.0.1]:${jump.port} ${await jump.hostKey()}\n`)
    const block = (host: string, ...lines: string[]) => `Host ${host}\n  ${lines.join('\n  ')}\n`
    await writeFile(
      config,
      block(`${name}-target`, 'HostName 127.0.0.1', `Port ${sshd.port}`, `ProxyJump ${name}-jump`) +
        block(
          `${name}-jump`,
          'HostName 127.0.0.1',
          `Port ${jump.port}`,
          `IdentityFile ${jump.clientKeyPath}`,
          `UserKnownHostsFile ${known}`,
        ),
    )
  })

  afterAll(async () => {
    await rm(config, { force: true })
    await sshd.stop()
    await jump.stop()
  })

  it('is the way of the openssh method, and the key of the server behind it is what counts', async () => {
    const methods = createMethods()
    try {
      const target = await sshd.target({ method: 'openssh', host: `${name}-target`, port: 22 })
      const job = recordedJob('echo behind')
      expect(await methods.openssh.run(target, job)).toEqual(success)
      expect(job.stdout().toString()).toBe('behind\n')
      expect(await jump.log()).toContain('direct-tcpip')
      const other = { ...target, name: 'other', hostKey: await jump.hostKey() }
      const refused = recordedJob('echo never')
      expect(await methods.openssh.run(other, refused)).toMatchObject({
        kind: 'host-key',
        presented: await sshd.hostKey(),
      })
      expect(refused.started()).toBe(false)
    } finally {
      await methods.close()
    }
  })
})
