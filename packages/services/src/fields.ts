import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'

/** Login name as useradd accepts it everywhere. */
export const userName = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'use 1 to 32 lower-case letters, digits, _ and -, no digit first')

/** Absolute path that means the same in a shell, in nginx and in passwd. */
export const absolutePath = z
  .string()
  .max(1024)
  .regex(/^\/[\w.@+/-]*$/, 'use an absolute path of letters, digits and . _ @ + -')
  .refine((path) => !path.split('/').includes('..'), 'write the path without ..')

/** What a domain may be called that stands already: an earlier release let addresses pass. */
export const standingDomain = z
  .string()
  .max(253)
  .regex(
    /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'use a lower-case domain name without the last dot',
  )

/** Name in DNS, without the last dot; lower case, international names in their xn-- form. */
export const domainName = standingDomain.refine(
  (name) => !/(^|\.)\d+$/.test(name),
  'an address is no domain name',
)

export const ipv4Address = z.string().refine(isIPv4, 'use an IPv4 address')

/** Without a zone such as `%eth0`, which means something on one machine only. */
export const ipv6Address = z
  .string()
  .refine((address) => isIPv6(address) && !address.includes('%'), 'use an IPv6 address')

export const ipAddress = z.union([ipv4Address, ipv6Address], 'use an IPv4 or IPv6 address')

/** Text of one line, without anything that a terminal or a configuration file takes for more than text. */
export const oneLine = z
  .string()
  .max(4000)
  .refine((text) => !/\p{Cc}/u.test(text), 'use a single line without control characters')
