export { type Bind9PrimaryOptions, bind9Primary, type DnsZone } from './primary.ts'
export type { DnsRecord } from './records.ts'
export { type Bind9SecondaryOptions, bind9Secondary, type SecondaryZone } from './secondary.ts'
