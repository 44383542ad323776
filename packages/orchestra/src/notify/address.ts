import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** All addresses of a name. */
export type Resolve = (name: string, options: LookupOptions) => Promise<LookupAddress[]>

export const resolveBySystem: Resolve = (name, options) => systemLookup(name, { ...options, all: true })

/** Whether an address is one of the internet, and none of this machine, a private network or a special use. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  return ipaddr.process(address).range() === 'unicast'
}

/** The host of a URL without what encloses an address of IPv6, when it is an address. */
export function addressIn(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? undefined : host
}

/**
 * The look-up of a socket that refuses a name of which any address is private. It is the one that the socket connects to: an answer of
 * before that was public counts for nothing.
 */
export function publicLookup(resolve: Resolve): LookupFunction {
  return (name, options, done) => {
    resolve(name, options).then(
      (addresses) => {
        const [first] = addresses
        const wrong = addresses.find(({ address }) => !isPublic(address))
        if (first === undefined) done(new Error(`${name} has no address`), '', 0)
        else if (wrong !== undefined) done(new Error(refusal), '', 0)
        else if (options.all === true) done(null, addresses)
        else done(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => done(error, '', 0),
    )
  }
}

/** Does not name the address: what names of a network lead to is not for whoever adds a channel. */
export const refusal = 'it leads to a private network, which the channel does not allow'
