import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  createMethods,
  fetchHostKey,
  fingerprint,
  type Method,
  type Methods,
  type ServerTarget,
} from '../../src/methods/index.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { recordedJob, uniqueSleep } from '../support/jobs.ts'
import { processesWith, until } from '../support/processes.ts'
import { describeSshd, makeKey, type Sshd, startSshd } from '../support/sshd.ts'

const success = { kind: 'exited', code: 0, signal: null }
const timeouts = { connect: 1_500, idle: 20_000, total: 60_000 }

for (const kind of ['ssh', 'openssh'] as const)
  describeSshd(`a connection of the ${kind} method`, () => {
    let sshd: Sshd
    let proxy: FaultProxy
    let methods: Methods
    let method: Method
    let target: ServerTarget
    let directory: string

    beforeAll(async () => {
      sshd = await startSshd({ hostKeyTypes: ['ed25519', 'ecdsa', 'rsa'] })
      directory = await mkdtemp(join(tmpdir(), 'orchestra-connection-'))
    })

    beforeEach(async () => {
      proxy = await startFaultProxy(sshd.port)
      methods = createMethods({ environment: { ...process.env, SSH_AUTH_SOCK: undefined } })
      method = methods[kind]
      target = await sshd.target({ method: kind, port: proxy.port })
    })

    afterEach(async () => {
      await methods.close()
      await proxy.stop()
    })

    afterAll(async () => {
      await sshd.stop()
      await rm(directory, { recursive: true, force: true })
    })

    it('is kept for the scripts that follow', async () => {
      for (let count = 0; count < 3; count += 1)
        expect(await method.run(target, recordedJob('true'))).toEqual(success)
      expect(proxy.accepted).toBe(1)
    })

    it('is made anew, unnoticed, when it was cut between two scripts', async () => {
      await method.run(target, recordedJob('true'))
      proxy.cutNow()
      expect(await method.run(target, recordedJob('true'))).toEqual(success)
    })

    it('is made anew when the old one only looks alive', async () => {
      await method.run(target, recordedJob('true'))
      proxy.set({ kind: 'blackhole' })
      const job = recordedJob('true', { timeouts: { ...timeouts, connect: 8_000 } })
      const running = method.run(target, job)
      setTimeout(() => proxy.set({ kind: 'none' }), 1_000)
      // What was swallowed stays missing: the old connection can never work again.
      expect(await running).toEqual(success)
    }, 20_000)

    it('refused is unreachable', async () => {
      await proxy.refuse()
      const job = recordedJob('true')
      expect(await method.run(target, job)).toMatchObject({
        kind: 'unreachable',
        reason: expect.stringMatching(/refused/i),
      })
      expect(job.started()).toBe(false)
    })

    it('accepted and left hanging is unreachable when its time is over', async () => {
      proxy.set({ kind: 'hang' })
      const job = recordedJob('true', { timeouts })
      const started = Date.now()
      expect(await method.run(target, job)).toMatchObject({ kind: 'unreachable' })
      expect(Date.now() - started).toBeLessThan(4_000)
      expect(job.started()).toBe(false)
    })

    it('cut in the middle of the handshake is unreachable', async () => {
      proxy.set({ kind: 'cut', direction: 'output', after: 500 })
      const job = recordedJob('true', { timeouts })
      expect(await method.run(target, job)).toMatchObject({ kind: 'unreachable' })
      expect(job.started()).toBe(false)
    })

    it('ends at once when it is cancelled while it is made', async () => {
      proxy.set({ kind: 'hang' })
      const stop = new AbortController()
      const running = method.run(target, recordedJob('true', { signal: stop.signal }))
      await until('a connection', () => proxy.accepted > 0)
      const started = Date.now()
      stop.abort()
      expect(await running).toEqual({ kind: 'cancelled' })
      expect(Date.now() - started).toBeLessThan(500)
    })

    it('to a name that resolves to nothing is unreachable and names it', async () => {
      const end = await method.run({ ...target, host: 'nothing.invalid' }, recordedJob('true'))
      expect(end).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('nothing.invalid') })
    })

    it('cut in the middle of the upload is lost, and nothing of the script runs', async () => {
      const canary = join(directory, `upload-${kind}`)
      const lines = `touch ${canary}\n: '${'x'.repeat(8 * 1024 * 1024)}'`
      await method.run(target, recordedJob('true'))
      proxy.set({ kind: 'cut', direction: 'input', after: 2 * 1024 * 1024 })
      const job = recordedJob(lines)
      expect(await method.run(target, job)).toMatchObject({ kind: 'lost' })
      await until('the bootstrap has ended', async () => (await processesWith(job.runId)).length === 0)
      await expect(stat(canary)).rejects.toThrow('ENOENT')
      proxy.set({ kind: 'none' })
      expect(await method.run(target, recordedJob(lines))).toEqual(success)
      await stat(canary)
    }, 30_000)

    it('cut in the middle of the output is lost', async () => {
      await method.run(target, recordedJob('true'))
      proxy.set({ kind: 'cut', direction: 'output', after: 1024 * 1024 })
      const job = recordedJob('yes')
      expect(await method.run(target, job)).toMatchObject({ kind: 'lost' })
      // How much, the network decides: a reset drops what waits to be read.
      expect(job.stdout().length).toBeGreaterThan(0)
    })

    it('whose server process is killed in the middle of a script is lost', async () => {
      const job = recordedJob('echo ready; sleep 60')
      const running = method.run(target, job)
      await job.printed('ready')
      await sshd.killSessions()
      expect(await running).toMatchObject({ kind: 'lost' })
    })

    it('that goes silent in the middle of a script is lost when the idle time is over', async () => {
      const job = recordedJob('echo ready; sleep 60', { timeouts: { ...timeouts, idle: 500 } })
      const running = method.run(target, job)
      await job.printed('ready')
      proxy.set({ kind: 'blackhole' })
      const started = Date.now()
      expect(await running).toMatchObject({ kind: 'lost', reason: expect.stringContaining('idle') })
      expect(Date.now() - started).toBeLessThan(10_000)
    }, 20_000)

    it('that dies while a script is cancelled is replaced to end the script there', async () => {
      const sleeper = uniqueSleep()
      const job = recordedJob(`echo ready; ${sleeper}`, {
        timeouts: { connect: 5_000, idle: 500, total: 60_000 },
      })
      const running = method.run(target, job)
      await job.printed('ready')
      proxy.set({ kind: 'blackhole' })
      setTimeout(() => proxy.set({ kind: 'none' }), 2_000)
      expect(await running).toEqual({ kind: 'timeout', which: 'idle', limit: 500 })
      expect(await processesWith(sleeper)).toEqual([])
    }, 20_000)

    it('slow as an old modem still carries everything', async () => {
      proxy.set({ kind: 'slow', bytesPerSecond: 20_000 })
      const job = recordedJob('head -c 10000 /dev/zero', { timeouts: { ...timeouts, connect: 10_000 } })
      expect(await method.run(target, job)).toEqual(success)
      expect(job.stdout().length).toBe(10_000)
    }, 20_000)

    it('to a server whose key nobody approved ends with that key, and no login begins', async () => {
      const job = recordedJob('true')
      const end = await method.run({ ...target, hostKey: null }, job)
      expect(end).toMatchObject({ kind: 'host-key', presented: await sshd.hostKey() })
      expect(job.started()).toBe(false)
    })

    it('checks the approved key of whatever type, where the server has several', async () => {
      for (const type of ['ed25519', 'ecdsa', 'rsa']) {
        const approved = { ...target, hostKey: await sshd.hostKey(type) }
        expect(await method.run(approved, recordedJob('true'))).toEqual(success)
      }
    })

    it('offers the key of a server for approval', async () => {
      const offered = await fetchHostKey(target, 3_000)
      expect(offered).toEqual({
        key: await sshd.hostKey(),
        fingerprint: fingerprint(await sshd.hostKey()),
      })
    })

    it('says why no key can be offered', async () => {
      await proxy.refuse()
      await expect(fetchHostKey(target, 3_000)).rejects.toMatchObject({ code: 'ORC_SERVER_UNREACHABLE' })
    })

    it('with a key file that is not there names the file', async () => {
      const end = await method.run({ ...target, identityFile: '/nowhere/id' }, recordedJob('true'))
      expect(end).toMatchObject({ kind: 'denied', reason: expect.stringContaining('/nowhere/id') })
    })

    it('with a key that the server does not know is denied', async () => {
      await makeKey(join(directory, 'stranger'), 'ed25519')
      const end = await method.run(
        { ...target, identityFile: join(directory, 'stranger') },
        recordedJob('true'),
      )
      expect(end).toMatchObject({ kind: 'denied' })
      expect(await sshd.log()).not.toContain('stranger')
    })
  })

describeSshd('a server that changed its key', () => {
  for (const kind of ['ssh', 'openssh'] as const)
    it(`gets nothing by the ${kind} method: neither a login nor a byte of the script`, async () => {
      const sshd = await startSshd()
      const methods = createMethods()
      try {
        const target = await sshd.target()
        expect(await methods[kind].run(target, recordedJob('true'))).toEqual(success)
        expect(await sshd.log()).toContain('Starting session: command')
        await sshd.rotateHostKey()
        await sshd.killSessions()
        await methods.close()
        const job = recordedJob('true')
        const end = await methods[kind].run(target, job)
        expect(end).toMatchObject({
          kind: 'host-key',
          presented: await sshd.hostKey(),
          reason: expect.stringContaining('changed'),
        })
        expect(job.started()).toBe(false)
        expect(await sshd.log()).not.toMatch(/Starting session|Accepted publickey|userauth-request/)
      } finally {
        await methods.close()
        await sshd.stop()
      }
    })
})

describeSshd('key files of the ssh method', () => {
  let sshd: Sshd
  let encrypted: string

  beforeAll(async () => {
    sshd = await startSshd()
    encrypted = join(sshd.directory, 'encrypted')
    await makeKey(encrypted, 'ed25519', 'open sesame')
    await sshd.authorize(`${encrypted}.pub`)
  })

  afterAll(async () => {
    await sshd.stop()
  })

  async function login(identityFile: string | null, environment: NodeJS.ProcessEnv) {
    const methods = createMethods({ environment })
    try {
      return await methods.ssh.run(await sshd.target({ identityFile }), recordedJob('true'))
    } finally {
      await methods.close()
    }
  }

  it('open with the passphrase of the environment', async () => {
    expect(await login(encrypted, { ORCHESTRA_KEY_PASSPHRASE: 'open sesame' })).toEqual(success)
  })

  it('say that they are encrypted, and what to do', async () => {
    const end = await login(encrypted, {})
    expect(end).toMatchObject({ kind: 'denied', reason: expect.stringContaining('ORCHESTRA_KEY_PASSPHRASE') })
    expect(JSON.stringify(end)).toContain(encrypted)
  })

  it('say that the passphrase is wrong without saying it', async () => {
    const end = await login(encrypted, { ORCHESTRA_KEY_PASSPHRASE: 'wrong-canary' })
    expect(end).toMatchObject({ kind: 'denied', reason: expect.stringContaining('does not open') })
    expect(JSON.stringify(end)).not.toContain('wrong-canary')
  })

  it('say that they are no keys', async () => {
    const path = join(sshd.directory, 'no-key')
    await writeFile(path, 'hello\n')
    expect(await login(path, {})).toMatchObject({
      kind: 'denied',
      reason: expect.stringContaining('not a private key'),
    })
  })

  it('are not needed with an agent, and without both the error says so', async () => {
    expect(await login(null, {})).toMatchObject({
      kind: 'denied',
      reason: expect.stringContaining('no ssh-agent'),
    })
  })
})
