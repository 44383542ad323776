import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Keyring, openKeyring } from '../../src/store/keyring.ts'
import { hostile } from '../script/hostile.ts'

const keyringModule = new URL('../../src/store/keyring.ts', import.meta.url).href
const bytes = Buffer.alloc(32, 7)
const keyring = new Keyring(bytes)

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
      const sealed = keyring.encrypt(well)
      expect(keyring.decrypt(sealed)).toBe(well)
      expect(sealed).toMatch(/^v1:[0-9a-f]{8}:[A-Za-z0-9+/=]+$/)
    }),
  )
})

test('the same text is never encrypted the same way twice', () => {
  expect(keyring.encrypt('x')).not.toBe(keyring.encrypt('x'))
})

test('a digest depends on the key', () => {
  expect(keyring.digest('x')).toBe(new Keyring(bytes).digest('x'))
  expect(keyring.digest('x')).not.toBe(new Keyring(Buffer.alloc(32, 8)).digest('x'))
})

test('another key opens nothing, and both keys are named without being told', () => {
  const other = new Keyring(Buffer.alloc(32, 8))
  expect(() => other.decrypt(keyring.encrypt('x'))).toThrow(
    expect.objectContaining({
      code: 'ORC_KEY_WRONG',
      message: expect.stringMatching(`${keyring.id}.*${other.id}`),
    }),
  )
})

test('a value that was changed anywhere does not open', () => {
  const sealed = keyring.encrypt('a secret')
  const body = Buffer.from(sealed.split(':')[2] ?? '', 'base64')
  for (let at = 0; at < body.length; at++) {
    const changed = Buffer.from(body)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() => keyring.decrypt(`v1:${keyring.id}:${changed.toString('base64')}`)).toThrow('was changed')
  }
})

test.each([
  ['empty', ''],
  ['of another version', `v2:${keyring.id}:AAAA`],
  ['plain text', 'password'],
  ['cut off', `v1:${keyring.id}:AAAA`],
  ['without a body', `v1:${keyring.id}`],
  ['with an empty body', `v1:${keyring.id}:`],
])('a value that is %s is a wrong key, never a crash', (_, value) => {
  expect(() => keyring.decrypt(value)).toThrow(expect.objectContaining({ code: 'ORC_KEY_WRONG' }))
})

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
  writeFileSync(keyFile, text)
  expect(readFileSync(keyFile, 'utf8')).toBe(text)
}
