import { isIPv6 } from 'node:net'

/** Where a server is, as far as one text says it. */
export interface Address {
  host: string
  port: number | null
  user: string | null
}

/** Reads `host`, `host:2222`, `root@host`, `fd00::1`, `[fd00::1]`, `[fe80::1%eth0]:2222`; null where it is none of these. */
export function parseAddress(text: string): Address | null {
  const at = text.lastIndexOf('@')
  const user = at === -1 ? null : text.slice(0, at)
  const place = parsePlace(text.slice(at + 1))
  return place === null || user === '' ? null : { ...place, user }
}

function parsePlace(text: string): Omit<Address, 'user'> | null {
  if (isIPv6(text)) return { host: text, port: null }
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]*)\]|([^\s:[\]-][^\s:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  if (bracketed !== undefined && !isIPv6(bracketed)) return null
  const host = bracketed ?? plain
  return host === undefined ? null : { host, port: port === undefined ? null : Number(port) }
}

/** `host:port`, with the brackets that an IPv6 address needs beside a port. */
export function formatAddress(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}
