import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Redactor, SecretIndex } from '../../src/logs/index.ts'
import { type NamedSecret, variantsOf } from '../../src/secrets/variants.ts'

/** The rule in its plainest form: at each place the longest secret, else the byte itself. */
function reference(secrets: readonly NamedSecret[], data: Buffer): Buffer {
  const needles = new Map<string, string>()
  for (const { name, value } of secrets) {
    for (const variant of variantsOf(value))
      if (!needles.has(variant)) needles.set(variant, `«secret:${name}»`)
  }
  const sorted = [...needles]
    .map(([text, mask]) => ({ bytes: Buffer.from(text).toString('latin1'), mask }))
    .sort((a, b) => b.bytes.length - a.bytes.length)
  const text = data.toString('latin1')
  const parts: Buffer[] = []
  for (let at = 0; at < text.length; ) {
    const found = sorted.find(({ bytes }) => text.startsWith(bytes, at))
    parts.push(found === undefined ? Buffer.from(text.charAt(at), 'latin1') : Buffer.from(found.mask))
    at += found?.bytes.length ?? 1
  }
  return Buffer.concat(parts)
}

function stream(index: SecretIndex, data: Buffer, sizes: readonly number[]): Buffer {
  const redactor = new Redactor(index)
  const parts: Buffer[] = []
  for (let at = 0, turn = 0; at < data.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    parts.push(Buffer.from(redactor.push(data.subarray(at, at + size))))
    at += size
  }
  return Buffer.concat([...parts, redactor.end()])
}

const redactAll = (value: string, text: string) => new SecretIndex([{ name: 'pw', value }]).redact(text)

/** Few letters, so that secrets overlap, repeat and begin like each other. */
const letters = fc
  .array(fc.constantFrom('a', 'b', "'", 'é', ' '), { minLength: 1, maxLength: 9 })
  .map((list) => list.join(''))

describe('redaction', () => {
  test('a stream cut anywhere is redacted like the whole', () => {
    const pieces = fc.array(fc.oneof(letters, fc.constant('x'), fc.constantFrom('YWFhYQ', '6161', '%27')), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(
        fc.array(letters, { maxLength: 5 }),
        pieces,
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
        (values, parts, sizes) => {
          const secrets = values.map((value, index) => ({ name: `s${index}`, value }))
          const data = Buffer.from([...parts, ...values, ...parts].join(''))
          const expected = reference(secrets, data)
          expect(stream(new SecretIndex(secrets), data, sizes).toString('latin1')).toBe(
            expected.toString('latin1'),
          )
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('bytes that are no secret pass unchanged, broken UTF-8 too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 40 }), (bytes, size) => {
        const index = new SecretIndex([{ name: 'pw', value: 'something that is not there' }])
        expect(stream(index, Buffer.from(bytes), [size]).equals(bytes)).toBe(true)
      }),
    )
  })

  test('long secrets that begin alike are masked to their ends, cut anywhere', () => {
    const common = "it's ".repeat(600)
    const values = [`${common}one${'1'.repeat(2_000)}`, `${common}two${'2'.repeat(4_000)}`, common]
    const index = new SecretIndex(values.map((value, at) => ({ name: `s${at}`, value })))
    const anyOrder = fc.array(fc.constantFrom(...values.keys()), { minLength: 1, maxLength: 4 })
    const sizes = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(anyOrder, sizes, (order, cuts) => {
        const text = order.map((at) => `[${values[at]}]`).join('')
        const shown = stream(index, Buffer.from(text), cuts).toString()
        expect(shown.replaceAll(/«secret:s\d»/g, '*')).toBe('[*]'.repeat(order.length))
      }),
      { numRuns: 50 },
    )
  })

  test('of what begins like a long secret and goes on otherwise, no more than the beginning is masked', () => {
    const value = `${'q'.repeat(5_000)}end`
    expect(redactAll(value, `<${'q'.repeat(3_000)}other>`)).toBe('<«secret:pw»other>')
    expect(redactAll(value, `<${'q'.repeat(900)}other>`)).toBe(`<${'q'.repeat(900)}other>`)
  })

  test('only what may be the beginning of a secret is held back', () => {
    const redactor = new Redactor(new SecretIndex([{ name: 'pw', value: 'secret99' }]))
    expect(redactor.push(Buffer.from('hello sec')).toString()).toBe('hello ')
    expect(redactor.push(Buffer.from('ond secret')).toString()).toBe('second ')
    expect(redactor.push(Buffer.from('99!')).toString()).toBe('«secret:pw»!')
    expect(redactor.push(Buffer.from('a prompt: ')).toString()).toBe('a prompt: ')
    expect(redactor.end()).toHaveLength(0)
  })

  test('of two secrets that begin alike the longer wins, even when it comes later', () => {
    const index = new SecretIndex([
      { name: 'short', value: 'abcd' },
      { name: 'long', value: 'abcdefgh' },
    ])
    const redactor = new Redactor(index)
    expect(redactor.push(Buffer.from('abcdef')).toString()).toBe('')
    expect(redactor.push(Buffer.from('gh abcdefg')).toString()).toBe('«secret:long» ')
    expect(redactor.end().toString()).toBe('«secret:short»efg')
  })

  test.each([
    ['as it is', `p'a"s$ \\w/ö?`],
    ['many quotes', `''''`],
    ['a newline inside', `one\ntwo`],
  ])('a secret is found in every encoding: %s', (_name, value) => {
    const json = JSON.stringify({ value })
    const forms = [
      value,
      `'${value.replaceAll("'", "'\\''")}'`,
      json,
      Buffer.from(value).toString('base64'),
      Buffer.from(value).toString('base64url'),
      Buffer.from(value).toString('hex'),
      encodeURIComponent(value),
      new URLSearchParams({ value }).toString(),
    ]
    for (const form of forms) expect(redactAll(value, `before ${form} after`)).toContain('«secret:pw»')
  })

  test('a secret is found as bash quotes it in traces and with printf %q', () => {
    for (const value of [`it's a pass$word`, 'two\nlines\tand tab', 'plain-1234', `back\\slash 'quoted'`]) {
      const script = 'set -x; : "$SECRET"; set +x; printf "%q" "$SECRET"'
      const output = execFileSync('bash', ['--norc', '-c', `{ ${script}; } 2>&1`], {
        env: { SECRET: value },
      }).toString()
      expect(output.split('«').length).toBe(1)
      expect(redactAll(value, output).match(/«secret:pw»/g), output).toHaveLength(2)
    }
  })

  test('a password inside a basic authorization header is found', () => {
    for (const user of ['a', 'ab', 'abc']) {
      const header = Buffer.from(`${user}:correct horse battery`).toString('base64')
      expect(redactAll('correct horse battery', header)).toContain('«secret:pw»')
    }
  })

  test('a key file is found when its lines are printed one by one', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nw0BAQEFAASCBKcwggSj\n-----END KEY-----\n'
    const printed = key
      .split('\n')
      .map((line, index) => `${index}: ${line}\r\n`)
      .join('')
    expect(redactAll(key, printed)).not.toMatch(/MIIEv|w0BAQ/)
  })

  test('secrets too short to be told from other text are not searched for', () => {
    expect(redactAll('abc', 'abcabc')).toBe('abcabc')
  })

  test('ten thousand secrets cost no more for each byte than one', { timeout: 30_000 }, () => {
    const secrets = Array.from({ length: 10_000 }, (_, index) => ({
      name: `s${index}`,
      value: `$6$salt${index}$hash${index}`,
    }))
    const index = new SecretIndex(secrets)
    const data = Buffer.alloc(4_000_000, 'ordinary output of an ordinary command\n')
    expect(stream(index, data, [65_536]).equals(data)).toBe(true)
    expect(index.redact('got $6$salt777$hash777.')).toBe('got «secret:s777».')
  })
})
