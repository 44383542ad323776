import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMethods, fetchHostKey } from '../../src/methods/index.ts'
import { recordedJob } from '../support/jobs.ts'
import { describeSshd, makeKey, type Sshd, startSshd } from '../support/sshd.ts'

const run = promisify(execFile)
const success = { kind: 'exited', code: 0, signal: null }
const passphrase = 'open sesame'

describeSshd('a key file', () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await startSshd()
  })

  afterAll(() => sshd.stop())

  async function login(
    identityFile: string,
    kind: 'ssh' | 'openssh' = 'ssh',
    environment: NodeJS.ProcessEnv = {},
  ) {
    const methods = createMethods({ environment: { PATH: process.env.PATH, ...environment } })
    try {
      return await methods[kind].run(await sshd.target({ identityFile }), recordedJob('true'))
    } finally {
      await methods.close()
    }
  }

  const at = (name: string) => join(sshd.directory, name)

  /** A key of this type in this form, which the server lets in. */
  async function keyIn(type: string, form: string, secret: string): Promise<string> {
    const path = at(`${type}-${form}${secret === '' ? '' : '-locked'}`)
    await makeKey(path, type)
    await sshd.authorize(`${path}.pub`)
    await run('ssh-keygen', ['-q', '-p', '-m', form, '-P', '', '-N', secret, '-f', path])
    return path
  }

  const forms = ['rsa', 'ecdsa'].flatMap((type) =>
    ['RFC4716', 'PEM', 'PKCS8'].map((form) => ({ type, form })),
  )

  it.each([...forms, { type: 'ed25519', form: 'RFC4716' }])(
    'of $type in the form that ssh-keygen calls $form lets in, encrypted too',
    async ({ type, form }) => {
      expect(await login(await keyIn(type, form, ''))).toEqual(success)
      const locked = await keyIn(type, form, passphrase)
      expect(await login(locked, 'ssh', { ORCHESTRA_KEY_PASSPHRASE: passphrase })).toEqual(success)
      const wrong = await login(locked, 'ssh', { ORCHESTRA_KEY_PASSPHRASE: 'wrong-canary' })
      expect(wrong).toMatchObject({ kind: 'denied', reason: expect.stringContaining('does not open') })
      expect(JSON.stringify(wrong)).not.toContain('wrong-canary')
      expect(await login(locked)).toMatchObject({
        kind: 'denied',
        reason: expect.stringContaining('is encrypted'),
      })
      expect(await login(locked, 'openssh')).toMatchObject({
        kind: 'denied',
        reason: expect.stringContaining('is encrypted'),
      })
    },
  )

  it('of ed25519 in PKCS#8, as openssl makes it, lets in, encrypted too', async () => {
    for (const secret of [null, passphrase]) {
      const path = at(`openssl-${secret}`)
      const { privateKey, publicKey } = generateKeyPairSync('ed25519')
      const cipher = secret === null ? {} : { cipher: 'aes-256-cbc', passphrase: secret }
      await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }), { mode: 0o600 })
      const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
      const blob = Buffer.concat([
        Buffer.from([0, 0, 0, 11]),
        Buffer.from('ssh-ed25519'),
        Buffer.from([0, 0, 0, 32]),
        raw,
      ])
      await writeFile(`${path}.pub`, `ssh-ed25519 ${blob.toString('base64')} made\n`)
      await sshd.authorize(`${path}.pub`)
      expect(await login(path, 'ssh', { ORCHESTRA_KEY_PASSPHRASE: passphrase })).toEqual(success)
    }
  })

  it('with the line ends and the mark of another system lets in', async () => {
    const text = await readFile(sshd.clientKeyPath, 'utf8')
    await writeFile(at('dos'), `\ufeff${text.replaceAll('\n', '\r\n')}`, { mode: 0o600 })
    expect(await login(at('dos'))).toEqual(success)
  })

  const wrong: [string, () => Promise<string>, string, ('ssh' | 'openssh')[]][] = [
    ['a public key', async () => `${sshd.clientKeyPath}.pub`, 'public key', ['ssh']],
    [
      'a certificate',
      async () => {
        await makeKey(at('authority'), 'ed25519')
        await copyFile(`${sshd.clientKeyPath}.pub`, at('certified.pub'))
        await run('ssh-keygen', ['-q', '-s', at('authority'), '-I', 'me', '-n', 'root', at('certified.pub')])
        return at('certified-cert.pub')
      },
      'certificate',
      ['ssh'],
    ],
    [
      'a public key of RFC 4716',
      async () => {
        const { stdout } = await run('ssh-keygen', ['-e', '-f', `${sshd.clientKeyPath}.pub`])
        await writeFile(at('rfc4716'), stdout)
        return at('rfc4716')
      },
      'public key',
      ['ssh', 'openssh'],
    ],
    [
      'a key of PuTTY',
      async () => {
        await writeFile(at('key.ppk'), 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n')
        return at('key.ppk')
      },
      'puttygen',
      ['ssh', 'openssh'],
    ],
    ['an empty file', async () => write('empty', ''), 'is empty', ['ssh', 'openssh']],
    [
      'a directory',
      async () => {
        await mkdir(at('directory'), { recursive: true })
        return at('directory')
      },
      'is a directory',
      ['ssh', 'openssh'],
    ],
    ['a device', async () => '/dev/zero', 'is a device', ['ssh', 'openssh']],
    [
      'a large file',
      async () => write('large', 'x'.repeat(100_000)),
      'more than any key',
      ['ssh', 'openssh'],
    ],
    ['a file that is not there', async () => '/nowhere/id', '/nowhere/id', ['ssh', 'openssh']],
    [
      'the host key of a machine',
      async () => {
        await makeKey(at('ssh_host_ed25519_key'), 'ed25519')
        return at('ssh_host_ed25519_key')
      },
      'host key of a machine',
      ['ssh'],
    ],
    ['a key for hardware', async () => write('sk', securityKey()), 'method openssh', ['ssh']],
  ]

  async function write(name: string, content: string): Promise<string> {
    await writeFile(at(name), content, { mode: 0o600 })
    return at(name)
  }

  for (const [what, make, says, kinds] of wrong)
    it.each(kinds)(`that is ${what} is named by the %s method`, async (kind) => {
      const path = await make()
      expect(await login(path, kind)).toMatchObject({ kind: 'denied', reason: expect.stringContaining(says) })
    })
})

/** What ssh-keygen writes of a key that is inside of hardware, as far as its type. */
function securityKey(): string {
  const text = (content: string | Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(content.length)
    return Buffer.concat([length, Buffer.from(content)])
  }
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...['none', 'none', ''].map(text),
    Buffer.from([0, 0, 0, 1]),
    text(text('sk-ssh-ed25519@openssh.com')),
    text(Buffer.alloc(64)),
  ])
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`
}

describeSshd('a server with algorithms that the library lacks', () => {
  it.each(['KexAlgorithms sntrup761x25519-sha512@openssh.com', 'Ciphers aes128-cbc'])(
    'says `%s`, and the error of the ssh method points to openssh',
    async (line) => {
      const sshd = await startSshd({ config: [line] })
      const methods = createMethods()
      try {
        const target = await sshd.target()
        const end = await methods.ssh.run(target, recordedJob('true'))
        expect(end).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('method openssh') })
        await expect(fetchHostKey(target, 3_000)).rejects.toThrow('method openssh')
      } finally {
        await methods.close()
        await sshd.stop()
      }
    },
  )
})

describeSshd('a server with an address of IPv6', () => {
  it.each(['ssh', 'openssh'] as const)('is reached by the %s method, and asked for its key', async (kind) => {
    const sshd = await startSshd({ config: ['ListenAddress ::1'] })
    const methods = createMethods()
    try {
      // The system's resolver takes a zone with addresses of a link alone.
      for (const host of kind === 'ssh' ? ['::1', '::1%lo'] : ['::1']) {
        const target = await sshd.target({ method: kind, host })
        expect(await methods[kind].run(target, recordedJob('true'))).toEqual(success)
        expect(await fetchHostKey(target, 5_000)).toMatchObject({ key: await sshd.hostKey() })
      }
    } finally {
      await methods.close()
      await sshd.stop()
    }
  })
})
