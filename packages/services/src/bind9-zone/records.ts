import { z } from 'zod'
import { domainName, ipv4Address, ipv6Address } from '../fields.ts'
import { problemsOf } from './rules.ts'

const ttl = z.number().int().min(0).max(2_147_483_647)

/** Left side of a record: `@` for the zone itself, else a name relative to it. */
const recordName = z
  .string()
  .max(253)
  .regex(/^(@|(\*\.)?[\w-]{1,63}(\.[\w-]{1,63})*|\*)$/, 'use @, a name relative to the zone, or * in front')

const otherTypes = ['CAA', 'CNAME', 'DNAME', 'MX', 'NS', 'PTR', 'SRV', 'SSHFP', 'TLSA'] as const

/** Right side as in a zone file: words and quoted strings, without what would end or continue the line. */
const recordData = z
  .string()
  .max(4000)
  .regex(
    /^([!#-'*-:<-[\]-~]+|"[ !#-[\]-~]*")( ([!#-'*-:<-[\]-~]+|"[ !#-[\]-~]*"))*$/,
    'it is not data of one record',
  )

const base = { name: recordName, ttl: ttl.optional() }

export const dnsRecord = z.discriminatedUnion('type', [
  z.strictObject({ ...base, type: z.literal('A'), value: ipv4Address }),
  z.strictObject({ ...base, type: z.literal('AAAA'), value: ipv6Address }),
  z.strictObject({ ...base, type: z.literal('TXT'), value: z.string().max(60_000) }),
  z.strictObject({ ...base, type: z.enum(otherTypes), value: recordData }),
])

/** BIND takes the nearest of these for what is outside of them. */
const between = (low: number, high: number) => z.int().min(low).max(high)
const [minute, week] = [60, 604_800]

export const zoneSchema = z
  .strictObject({
    name: domainName,
    nameServers: z.array(domainName).min(1),
    hostmaster: z.email(),
    ttl: ttl.default(3600),
    refresh: between(5 * minute, 4 * week).default(7200),
    retry: between(500, 2 * week).default(900),
    expire: between(5 * minute, 24 * week).default(1_209_600),
    negativeTtl: ttl.default(300),
    records: z.array(dnsRecord).default([]),
  })
  .superRefine((zone, context) => {
    if (zone.expire < zone.refresh + zone.retry)
      context.addIssue({
        code: 'custom',
        path: ['expire'],
        message: 'it must be at least refresh and retry together',
      })
    for (const { index, field, message } of problemsOf(zone))
      context.addIssue({ code: 'custom', path: ['records', index, field], message })
  })

export type CheckedZone = z.output<typeof zoneSchema>
export type DnsRecord = z.output<typeof dnsRecord>

/** Stands where the serial number belongs: the server alone knows which one comes next. */
export const serialMark = '@SERIAL@'

/** A zone file whose serial number is yet to be filled in. The same zone always gives the same text. */
export function zoneSource(zone: CheckedZone): string {
  const lines = [
    '; Written by Orchestra; changes made here are overwritten.',
    `$ORIGIN ${zone.name}.`,
    `$TTL ${zone.ttl}`,
    `@ IN SOA ${zone.nameServers[0]}. ${mailbox(zone.hostmaster)} (${serialMark} ${timersOf(zone)})`,
    ...zone.nameServers.map((server) => `@ IN NS ${server}.`),
    // Rows come in any order; a zone whose order alone differs is the same zone.
    ...zone.records.map(recordLine).sort(),
  ]
  return `${lines.join('\n')}\n`
}

function timersOf({ refresh, retry, expire, negativeTtl }: CheckedZone): string {
  return [refresh, retry, expire, negativeTtl].join(' ')
}

/** A mail address as a DNS name: dots before the @ are escaped, the @ is a dot. */
function mailbox(address: string): string {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at).replace(/[^\w-]/g, (character) => `\\${character}`)
  return `${local}.${address.slice(at + 1)}.`
}

function recordLine({ name, ttl: seconds, type, value }: DnsRecord): string {
  const data = type === 'TXT' ? textStrings(value) : value
  return [name, ...(seconds === undefined ? [] : [seconds]), 'IN', type, data].join(' ')
}

/** TXT data as quoted strings of at most 255 bytes, whatever bytes they are. */
function textStrings(value: string): string {
  const bytes = [...Buffer.from(value)]
  const count = Math.max(1, Math.ceil(bytes.length / 255))
  const strings = Array.from({ length: count }, (_, index) => bytes.slice(index * 255, (index + 1) * 255))
  return strings.map((string) => `"${string.map(escapeByte).join('')}"`).join(' ')
}

function escapeByte(byte: number): string {
  const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
  return isPlain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`
}
