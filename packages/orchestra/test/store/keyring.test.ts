import { spawn } from 'node:child_process'
import { createCipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Keyring, keyIdOf, openKeyring } from '../../src/store/keyring.ts'
import { hostile } from '../script/hostile.ts'

const keyringModule = new URL('../../src/store/keyring.ts', import.meta.url).href
const bytes = Buffer.alloc(32, 7)
const keyring = new Keyring(bytes)
const seal = keyring.for('user', '7')
const path = ['password']

let directory: string
let keyFile: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orchestra-key-'))
  keyFile = join(directory, 'new', 'key')
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('every text comes back as it was, and is not to be seen in between', () => {
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 5000 })), (text) => {
      const well = text.toWellFormed()
      const sealed = seal.encrypt(well, path)
      expect(seal.decrypt(sealed, path)).toBe(well)
      expect(sealed).toMatch(/^v2:[0-9a-f]{8}:[A-Za-z0-9+/=]+$/)
    }),
  )
})

test('the same text is never encrypted the same way twice', () => {
  expect(seal.encrypt('x', path)).not.toBe(seal.encrypt('x', path))
})

test('a digest depends on the key', () => {
  expect(keyring.digest('x')).toBe(new Keyring(bytes).digest('x'))
  expect(keyring.digest('x')).not.toBe(new Keyring(Buffer.alloc(32, 8)).digest('x'))
})

test('another key opens nothing, and both keys are named without being told', () => {
  const other = new Keyring(Buffer.alloc(32, 8))
  expect(() => other.for('user', '7').decrypt(seal.encrypt('x', path), path)).toThrow(
    expect.objectContaining({
      code: 'ORC_KEY_WRONG',
      message: expect.stringMatching(`${keyring.id}.*${other.id}`),
    }),
  )
})

test('a value that was changed anywhere does not open', () => {
  const sealed = seal.encrypt('a secret', path)
  const body = Buffer.from(sealed.split(':')[2] ?? '', 'base64')
  for (let at = 0; at < body.length; at++) {
    const changed = Buffer.from(body)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() => seal.decrypt(`v2:${keyring.id}:${changed.toString('base64')}`, path)).toThrow('was changed')
  }
})

test.each([
  ['empty', ''],
  ['of another version', `v3:${keyring.id}:AAAA`],
  ['plain text', 'password'],
  ['cut off', `v2:${keyring.id}:AAAA`],
  ['without a body', `v2:${keyring.id}`],
  ['with an empty body', `v2:${keyring.id}:`],
])('a value that is %s is a wrong key, never a crash', (_, value) => {
  expect(() => seal.decrypt(value, path)).toThrow(expect.objectContaining({ code: 'ORC_KEY_WRONG' }))
})

test('a secret opens as that of its object and its field, and nowhere else', () => {
  const sealed = seal.encrypt('a secret', ['logins', 1, 'token'])
  expect(seal.decrypt(sealed, ['logins', 1, 'token'])).toBe('a secret')
  for (const [model, key, at] of [
    ['user', '8', ['logins', 1, 'token']],
    ['site', '7', ['logins', 1, 'token']],
    ['user', '7', ['logins', 0, 'token']],
    ['user', '7', ['logins', 1]],
    ['user', '7', ['logins', '1', 'token']],
    ['user', '7,logins', [1, 'token']],
  ] as const) {
    const open = () => keyring.for(model, key).decrypt(sealed, at)
    expect(open, `${model} ${key} ${at}`).toThrow(expect.objectContaining({ code: 'ORC_KEY_WRONG' }))
  }
})

test('what an earlier release sealed, bound to nothing, is read wherever it stands', () => {
  const sealed = `v1:${keyring.id}:${sealedByFirstRelease('a secret')}`
  expect(seal.decrypt(sealed, path)).toBe('a secret')
})

test('what is bound to a place cannot be passed off as what an earlier release sealed', () => {
  const sealed = seal.encrypt('a secret', path).replace('v2:', 'v1:')
  expect(() => keyring.for('user', '8').decrypt(sealed, path)).toThrow(
    'was changed, or put into another place',
  )
})

test('of several keys the first encrypts and all decrypt', () => {
  const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const sealed = [one, two].map((key) => new Keyring(key).for('user', '7').encrypt('x', path))
  const both = openKeyring({ key: `${two.toString('hex')},${one.toString('base64')}`, keyFile })
  expect(sealed.map((text) => both.for('user', '7').decrypt(text, path))).toEqual(['x', 'x'])
  expect(both.ids).toEqual([keyIdOf(two), keyIdOf(one)])
  expect(both.for('user', '7').encrypt('x', path)).toContain(`:${keyIdOf(two)}:`)
  expect(both.formerDigests('x')).toEqual([new Keyring(one).digest('x')])
})

test('a process that runs meets a key that the file has since', () => {
  const running = openKeyring({ keyFile })
  const next = Buffer.alloc(32, 9)
  const sealed = new Keyring(next).for('user', '7').encrypt('x', path)
  const own = readFileSync(keyFile, 'utf8')
  writeFileSync(keyFile, `${own}${next.toString('hex')}\n`)
  expect(running.for('user', '7').decrypt(sealed, path)).toBe('x')
  rmSync(keyFile)
  running.reread()
  expect(running.for('user', '7').decrypt(sealed, path)).toBe('x')
})

test.each([
  ['others may read', () => chmodSync(keyFile, 0o644), 'chmod 600'],
  ['a group may read', () => chmodSync(keyFile, 0o640), 'chmod 600'],
  ['belongs to somebody else', () => chownSync(keyFile, 4711, 4711), 'another user (uid 4711)'],
  [
    'is a link',
    () => {
      renameSync(keyFile, `${keyFile}.real`)
      symlinkSync(`${keyFile}.real`, keyFile)
    },
    'symbolic link',
  ],
])('a key file that %s is refused, with what to do', (_, spoil, said) => {
  openKeyring({ keyFile })
  spoil()
  expect(() => openKeyring({ keyFile })).toThrow(said)
})

function sealedByFirstRelease(text: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce)
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')
}

test('a key is given in hexadecimal or base64, with or without a line end, and no file is made', () => {
  for (const key of [bytes.toString('hex'), bytes.toString('hex').toUpperCase(), bytes.toString('base64')])
    for (const end of ['', '\n']) expect(openKeyring({ key: key + end, keyFile }).id).toBe(keyring.id)
  expect(() => statSync(keyFile)).toThrow('ENOENT')
})

test.each(['abc', '5e'.repeat(31), '5e'.repeat(33), 'x'.repeat(64), 'A'.repeat(40), '   '])(
  'the key %j is refused without being repeated',
  (key) => {
    const open = () => openKeyring({ key, keyFile })
    expect(open).toThrow(expect.objectContaining({ code: 'ORC_KEY_UNREADABLE' }))
    expect(open).not.toThrow(key.trim() === '' ? 'no such text' : key)
  },
)

test('the key file is made once, for its owner alone, and read the next time', () => {
  const first = openKeyring({ keyFile })
  expect(statSync(keyFile).mode & 0o777).toBe(0o600)
  expect(openKeyring({ key: '', keyFile }).id).toBe(first.id)
})

test('processes that start together agree on one key', async () => {
  const code = `
    const { openKeyring } = await import(${JSON.stringify(keyringModule)})
    console.log(openKeyring({ keyFile: process.argv[1] }).id)`
  const ids = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code, keyFile], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
      })
      await once(child, 'close')
      return text.trim()
    }),
  )
  expect(new Set(ids)).toEqual(new Set([openKeyring({ keyFile }).id]))
})

test.each([
  ['a directory', () => mkdirSync(keyFile, { recursive: true })],
  [
    'below a file',
    () => {
      keyFile = join(directory, 'file', 'key')
      writeFileSync(join(directory, 'file'), '')
    },
  ],
  ['cut off', () => writeKey(bytes.toString('hex').slice(0, 20))],
  ['empty', () => writeKey('')],
])('a key file that is %s is an error that names it, and it stays as it is', (_, make) => {
  make()
  expect(() => openKeyring({ keyFile })).toThrow(
    expect.objectContaining({
      code: 'ORC_KEY_UNREADABLE',
      message: expect.stringContaining(keyFile),
      hint: expect.any(String),
    }),
  )
})

function writeKey(text: string): void {
  mkdirSync(join(directory, 'new'))
  writeFileSync(keyFile, text, { mode: 0o600 })
  expect(readFileSync(keyFile, 'utf8')).toBe(text)
}
