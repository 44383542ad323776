import { z } from 'zod'
import { absolutePath, domainName, oneLine, standingDomain, userName } from '../fields.ts'

const orWildcard = (domain: z.ZodType) =>
  z
    .string()
    .refine(
      (name) => domain.safeParse(name.replace(/^\*\./, '')).success,
      'use a lower-case domain name, or *. and one',
    )

const serverName = orWildcard(domainName)

/** What a site may be called that stands already. */
export const standingName = orWildcard(standingDomain)

/** Directories that are nobody's to be given: a row that chooses where its files are must not choose one of them. */
const systemDirectory =
  /^\/(?:(?:bin|boot|dev|etc|lib|lib32|lib64|proc|root|run|sbin|sys|usr)(?:\/.*)?|var(?:\/(?!www$)[^/]+)?|[^/]+)$/

const bytes = z
  .string()
  .regex(/^\d{1,9}[kmg]?$/, 'use a size such as 20m')
  .refine(
    (size) => Number.parseInt(size, 10) > 0,
    'to nginx 0 is no limit at all; use the largest size that you mean',
  )

const httpUrl = z
  .string()
  .max(2000)
  .regex(/^https?:\/\/[\w.:[\]/-]+$/, 'use an http or https address of letters, digits and . : / - [ ]')

/** Names as sites have them, regular expressions of an administrator's among them. */
const sharedNames = z.array(
  z.union(
    [
      serverName,
      z
        .string()
        .max(500)
        .regex(/^~[!-~]+$/),
    ],
    'use a name of a site, or ~ and a pattern of one',
  ),
)

/** A name once: nginx would warn of a name that a site has twice as of one that two sites have. */
const serverNames = z
  .tuple([serverName], serverName)
  .transform(([first, ...others]): [string, ...string[]] => [
    first,
    ...new Set(others.filter((name) => name !== first)),
  ])

export const nginxSiteSchema = z
  .strictObject({
    domains: serverNames,
    shares: sharedNames.default([]),
    root: absolutePath.optional(),
    owner: userName.optional(),
    links: z.enum(['owners', 'all']).default('owners'),
    upstream: httpUrl.optional(),
    redirectTo: httpUrl.optional(),
    certificate: z.strictObject({ chain: absolutePath, key: absolutePath }).optional(),
    maxBody: bytes.default('1m'),
    directives: z.array(oneLine).default([]),
  })
  .refine(
    ({ root, upstream, redirectTo }) =>
      [root, upstream, redirectTo].filter((source) => source !== undefined).length === 1,
    'give one of root, upstream and redirectTo',
  )
  .refine(
    ({ root, owner }) =>
      root === undefined ||
      owner === undefined ||
      !systemDirectory.test(root.replace(/\/+/g, '/').replace(/\/$/, '')),
    { path: ['root'], error: 'use a directory outside the system where it is given to an owner' },
  )

export type CheckedSite = z.output<typeof nginxSiteSchema>

/** A site: what answers for some domains. Exactly one of `root`, `upstream` and `redirectTo` says with what. */
export interface NginxSite {
  /** The first one names the site and its file. */
  domains: readonly [string, ...string[]]
  /** Names of other sites that this one may have, or have a part of, such as `*.customers.example`. */
  shares?: readonly string[] | undefined
  /** Directory whose files are served. */
  root?: string | undefined
  /** User and group that own the root; given, the root is made when it is missing. */
  owner?: string | undefined
  /** Links in the root that are followed: `owners` (default) those to files of the link's own owner. Only with `owner`. */
  links?: 'owners' | 'all' | undefined
  /** Address of the application that answers: `http://127.0.0.1:3000`. */
  upstream?: string | undefined
  /** Where every request is sent to. The path asked for is appended. */
  redirectTo?: string | undefined
  /** Files on the server. Given, the site answers by HTTPS, and by HTTP only with the way there. */
  certificate?: { chain: string; key: string } | undefined
  /** Largest request body; default 1m. */
  maxBody?: string | undefined
  /** Further lines for the server block, as they are: for what the application itself wrote, never for users' input. */
  directives?: readonly string[] | undefined
}
