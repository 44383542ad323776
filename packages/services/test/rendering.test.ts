import fc from 'fast-check'
import { isOrchestraError } from 'orchestrajs'
import { describe, expect, test } from 'vitest'
import { zoneSchema, zoneSource } from '../src/bind9-zone/records.ts'
import { absolutePath, domainName, oneLine, userName } from '../src/fields.ts'
import { nginxSiteSchema } from '../src/nginx-site/site.ts'
import { virtualHost } from '../src/nginx-site/virtual-host.ts'
import { checked } from '../src/service.ts'

/** Text that is likely to mean something to a shell, a configuration file or a zone file. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...`'"\`\\;{}()<>|&$#@!*? \t\n\r\0.-/:=%ä`) }),
)

const zone = { name: 'a.example', nameServers: ['ns1.a.example'], hostmaster: 'host.master@a.example' }

describe('zone files', () => {
  test('hold one line for a record, whatever text is in it or it is refused', () => {
    const types = fc.constantFrom('A', 'AAAA', 'TXT', 'CNAME', 'MX', 'CAA')
    const emptyLength = zoneSource(zoneSchema.parse(zone)).split('\n').length
    fc.assert(
      fc.property(fc.oneof(hostile, fc.constant('www')), types, hostile, (name, type, value) => {
        const parsed = zoneSchema.safeParse({ ...zone, records: [{ name, type, value }] })
        if (!parsed.success) return
        const lines = zoneSource(parsed.data).split('\n')
        expect(lines).toHaveLength(emptyLength + 1)
        expect(lines.filter((line) => line.startsWith('$'))).toHaveLength(2)
      }),
      { numRuns: 2000 },
    )
  })

  test('quote any TXT so that its bytes come back, in strings of at most 255', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ minLength: 250, maxLength: 1200 })), (value) => {
        const records = [{ name: 'x', type: 'TXT' as const, value }]
        const line = zoneSource(zoneSchema.parse({ ...zone, records }))
          .split('\n')
          .find((text) => text.startsWith('x IN TXT '))
        const strings = [...(line ?? '').matchAll(/"((?:\\\d{3}|[^"\\])*)"/g)].map(([, text = '']) =>
          bytesOf(text),
        )
        expect(Math.max(...strings.map((bytes) => bytes.length))).toBeLessThanOrEqual(255)
        expect(Buffer.concat(strings)).toEqual(Buffer.from(value))
      }),
    )
  })

  test('are the same for the same records in any order', () => {
    const records = ['one', 'two', 'three'].map((name) => ({ name, type: 'TXT' as const, value: name }))
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: 3 }), (shuffled) => {
        expect(zoneSource(zoneSchema.parse({ ...zone, records: shuffled }))).toBe(
          zoneSource(zoneSchema.parse({ ...zone, records })),
        )
      }),
    )
  })

  test('write the hostmaster as a name, its dots escaped', () => {
    expect(zoneSource(zoneSchema.parse(zone))).toContain(
      'SOA ns1.a.example. host\\.master.a.example. (@SERIAL@ ',
    )
  })
})

describe('virtual hosts', () => {
  test('have the same braces and directives whatever text a field holds, or it is refused', () => {
    const shape = (text: string) => text.replace(/[^{};\n]/g, '')
    const plain = shape(virtualHost(nginxSiteSchema.parse({ domains: ['a.example'], root: '/srv/a' })))
    fc.assert(
      fc.property(hostile, hostile, (domain, root) => {
        const parsed = nginxSiteSchema.safeParse({ domains: [domain], root: `/${root}` })
        if (parsed.success) expect(shape(virtualHost(parsed.data))).toBe(plain)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('fields', () => {
  test('accept what is usual', () => {
    expect(userName.safeParse('web_1-a').success).toBe(true)
    expect(absolutePath.safeParse('/srv/sites/a.example/www').success).toBe(true)
    expect(domainName.safeParse('_dmarc.xn--bcher-kva.example').success).toBe(true)
    expect(oneLine.safeParse('/usr/bin/php -r "echo 1;" > /dev/null').success).toBe(true)
  })

  test('refuse what would mean something else where it stands', () => {
    for (const name of ['', '-rf', 'a:b', 'a b', 'Ä', 'a\nb'])
      expect(userName.safeParse(name).success).toBe(false)
    for (const path of ['srv', '/a b', '/a/../b', '/a;b', '/a\n', '/$x']) {
      expect(absolutePath.safeParse(path).success).toBe(false)
    }
    for (const name of ['', '.', 'a..b', '-a', 'a.', 'a b', 'a/b', 'A']) {
      expect(domainName.safeParse(name).success).toBe(false)
    }
  })

  test('are named with what is wrong with them', () => {
    const attempt = () => checked('A thing', nginxSiteSchema, { domains: ['a b'], root: '/srv' })
    expect(attempt).toThrow(/^A thing cannot be made of this object: domains\.0: /)
    try {
      attempt()
    } catch (error) {
      expect(isOrchestraError(error, 'ORC_OBJECT_INVALID')).toBe(true)
    }
  })
})

function bytesOf(text: string): Buffer {
  const bytes = [...text.matchAll(/\\(\d{3})|(.)/gs)].map(([, code, plain = '']) =>
    code === undefined ? plain.charCodeAt(0) : Number(code),
  )
  return Buffer.from(bytes)
}
