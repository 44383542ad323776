import ipaddr from 'ipaddr.js'
import { invalid } from './check.ts'

/** Somebody who names all networks believes what anybody says. */
export function checkNetworks(where: string, networks: unknown): string[] {
  if (!Array.isArray(networks))
    throw invalid(`\`${where}\` is not a list`, "Write networks: ['127.0.0.1', '10.0.0.0/8']")
  for (const network of networks) {
    const range = typeof network === 'string' ? rangeOf(network) : undefined
    if (range === undefined)
      throw invalid(
        `\`${where}\`: ${JSON.stringify(network)} is no network`,
        'Write an address or a range of them: 127.0.0.1, 10.0.0.0/8, fd00::/8',
      )
    if (range.bits === 0)
      throw invalid(`\`${where}\`: ${network} is everybody`, 'Name the proxies alone: their addresses')
  }
  return [...networks]
}

function rangeOf(text: string): { bits: number } | undefined {
  const [address = '', bits, ...more] = text.split('/')
  const whole = ipaddr.IPv4.isValidFourPartDecimal(address) ? 32 : ipaddr.IPv6.isValid(address) ? 128 : 0
  if (whole === 0 || more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined
  const count = bits === undefined ? whole : Number(bits)
  return count > whole ? undefined : { bits: count }
}
