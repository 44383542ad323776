import { z } from 'zod'
import { domainName } from '../fields.ts'

/** A name before the @. In a map a line that begins with # is a comment, and one that begins with a space goes on. */
const localPart = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9._+=-]{0,62}[a-z0-9_+=-])?$/,
    'use up to 64 lower-case letters, digits and . _ + = -',
  )

function isAddress(text: string, local: z.ZodType): boolean {
  const at = text.lastIndexOf('@')
  // A name alone would be an address in every domain of the host's own.
  return (
    at > 0 && local.safeParse(text.slice(0, at)).success && domainName.safeParse(text.slice(at + 1)).success
  )
}

const address = z
  .string()
  .refine((text) => isAddress(text, localPart), 'use an address in lower-case letters: info@example.com')

const addressOrAll = z.union([
  address,
  z
    .string()
    .regex(/^@/)
    .refine((text) => domainName.safeParse(text.slice(1)).success),
])

/** Where mail goes: others may tell capitals apart. */
const destination = z.string().refine((text) => isAddress(text.toLowerCase(), localPart), 'use an address')

export const domainSchema = z.strictObject({ domain: domainName })

export const aliasSchema = z.strictObject({
  from: addressOrAll,
  to: z
    .tuple([destination], destination)
    .refine((all) => all.length <= 1000, 'Postfix takes no mail for an address that leads to more than 1000'),
})

export const mailboxSchema = z.strictObject({
  address,
  path: z
    .string()
    .max(1000)
    .regex(/^[\w.@+=-]+(\/[\w.@+=-]+)*\/?$/, 'use a relative path of letters, digits and . _ @ + = -')
    .refine(
      (path) => !path.split('/').some((part) => part === '.' || part === '..'),
      'write it without . and ..',
    ),
})

export interface PostfixDomain {
  domain: string
}

export interface PostfixAlias {
  /** An address, or `@example.com` for all of a domain that have no entry of their own. */
  from: string
  to: readonly [string, ...string[]]
}

export interface PostfixMailbox {
  address: string
  /** Below the base; with a slash at its end it is a Maildir, else one file. */
  path: string
}
