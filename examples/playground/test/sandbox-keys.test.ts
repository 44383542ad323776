import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publicKey, storedKey } from '../sandbox-keys.ts'

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'orchestra-keys-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('a key is the same at the next start', async () => {
  const first = await storedKey(directory, 'same')
  expect(publicKey(await storedKey(directory, 'same'))).toBe(publicKey(first))
})

test('whatever key is made can be read', async () => {
  for (let number = 0; number < 2_000; number++) await storedKey(directory, `key${number}`)
})

test.each(['', 'half of'])('a key of which a start that was killed left "%s" is made anew', async (text) => {
  writeFileSync(join(directory, 'broken'), text)
  const made = await storedKey(directory, 'broken')
  expect(ssh2.utils.parseKey(made.privateKey)).not.toBeInstanceOf(Error)
  expect(publicKey(await storedKey(directory, 'broken'))).toBe(publicKey(made))
})
