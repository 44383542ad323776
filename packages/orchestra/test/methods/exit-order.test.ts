import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type ServerChannel } from 'ssh2'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMethods, fetchHostKey, type Methods, type ServerTarget } from '../../src/methods/index.ts'
import { recordedJob } from '../support/jobs.ts'
import { makeKey } from '../support/sshd.ts'

/** What a server does after it took a command, instead of running it. */
type Answer = (channel: ServerChannel) => void

describe('a server that ends sessions in its own way', () => {
  const { private: hostKey } = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })
  let answer: Answer = () => {}
  let server: ssh2.Server
  let methods: Methods
  let target: ServerTarget
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orchestra-exit-'))
    await makeKey(join(directory, 'client'), 'ed25519')
    server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
      connection.on('error', () => {})
      connection.on('authentication', (attempt) => attempt.accept())
      connection.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, { command }) => {
          const channel = acceptExec()
          const end = /# end [\w-]+/.exec(command)?.[0]
          if (end === undefined) {
            // The order to end what is left of a script.
            channel.exit(0)
            channel.end()
            return
          }
          channel.write(`orchestra-pgid 1 ${end}\n`)
          answer(channel)
        })
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    methods = createMethods({ environment: {} })
    const unapproved: ServerTarget = {
      name: 'odd',
      method: 'ssh',
      host: '127.0.0.1',
      port: portOf(server),
      user: 'anybody',
      sudo: false,
      hostKey: null,
      identityFile: join(directory, 'client'),
      directory: null,
    }
    target = { ...unapproved, hostKey: (await fetchHostKey(unapproved, 3_000)).key }
  })

  afterEach(async () => {
    await methods.close()
    server.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('may tell the exit status before the output', async () => {
    answer = (channel) => {
      channel.exit(4)
      channel.write('late\n')
      channel.end()
    }
    const job = recordedJob('true')
    expect(await methods.ssh.run(target, job)).toEqual({ kind: 'exited', code: 4, signal: null })
    expect(job.stdout().toString()).toBe('late\n')
  })

  it('may tell a signal', async () => {
    answer = (channel) => {
      channel.exit('TERM', false, '')
      channel.end()
    }
    const end = await methods.ssh.run(target, recordedJob('true'))
    expect(end).toEqual({ kind: 'exited', code: null, signal: 'SIGTERM' })
  })

  it('without an exit status leaves the script lost', async () => {
    answer = (channel) => {
      channel.write('something\n')
      channel.end()
    }
    const job = recordedJob('true')
    expect(await methods.ssh.run(target, job)).toMatchObject({ kind: 'lost' })
    expect(job.stdout().toString()).toBe('something\n')
  })
})

function portOf(server: ssh2.Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port')
  return address.port
}
