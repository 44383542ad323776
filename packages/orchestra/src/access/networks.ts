import ipaddr from 'ipaddr.js'
import { OrchestraError } from '../errors.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Bits of an IPv6 address that one customer of a network has to himself. */
const SITE_BITS = 64

/**
 * A network as it is kept, `10.0.0.0/8` or `2001:db8::/32`; an address alone is a network of one.
 * @throws OrchestraError ORC_INPUT_INVALID
 */
export function networkOf(text: string): string {
  const range = rangeOf(text)
  if (range === undefined)
    throw new OrchestraError('ORC_INPUT_INVALID', `${JSON.stringify(text.slice(0, 50))} is no network`, {
      hint: 'Write an address or a range of them: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32',
    })
  const [address, bits] = range
  const base =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`)
  return `${base}/${bits}`
}

/** Whether an address is in one of the networks; in none of them where it cannot be read. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const read = addressOf(address)
  if (read === undefined) return false
  return networks.some((network) => {
    const range = rangeOf(network)
    return range !== undefined && range[0].kind() === read.kind() && isWithin(read, range)
  })
}

/** Addresses that are likely of one person: an IPv6 address stands for its whole site. */
export function siteOf(address: string): string {
  const read = addressOf(address)
  if (read === undefined) return 'unknown'
  return read.kind() === 'ipv4'
    ? read.toString()
    : ipaddr.IPv6.networkAddressFromCIDR(`${read}/${SITE_BITS}`).toString()
}

function isWithin(address: Address, [base, bits]: [Address, number]): boolean {
  return address instanceof ipaddr.IPv4
    ? base instanceof ipaddr.IPv4 && address.match(base, bits)
    : base instanceof ipaddr.IPv6 && address.match(base, bits)
}

/** One of IPv4 that comes in by an IPv6 socket is of IPv4; a zone (`fe80::1%eth0`) is of this machine alone. */
function addressOf(text: string): Address | undefined {
  const plain = text.replace(/%.*$/s, '')
  if (!ipaddr.IPv4.isValidFourPartDecimal(plain) && !ipaddr.IPv6.isValid(plain)) return undefined
  return ipaddr.process(plain)
}

function rangeOf(text: string): [Address, number] | undefined {
  const [plain = '', given, ...more] = text.split('/')
  if (more.length > 0 || plain.includes('%') || (given !== undefined && !/^\d{1,3}$/.test(given)))
    return undefined
  if (!ipaddr.IPv4.isValidFourPartDecimal(plain) && !ipaddr.IPv6.isValid(plain)) return undefined
  const address = ipaddr.parse(plain)
  const whole = address.kind() === 'ipv4' ? 32 : 128
  const bits = given === undefined ? whole : Number(given)
  if (bits > whole) return undefined
  if (!(address instanceof ipaddr.IPv6) || !address.isIPv4MappedAddress()) return [address, bits]
  return bits < 96 ? undefined : [address.toIPv4Address(), bits - 96]
}
