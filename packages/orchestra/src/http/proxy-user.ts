import type { IncomingMessage } from 'node:http'
import { isInNetworks } from '../access/index.ts'
import type { ProxyUserConfig } from '../config/proxy-user.ts'
import { OrchestraError } from '../errors.ts'
import type { Approach } from './principal.ts'

/** Whom a proxy names. */
export interface ProxyUser {
  user: string
  groups: string[]
}

/** Characters of a name, and groups of one person. */
const LONGEST = 200
const MOST_GROUPS = 1_000

/**
 * Whom the other end of the connection names, if that is the proxy: the same headers of anybody else are nobody's.
 * @throws OrchestraError ORC_HTTP_MALFORMED where it says two things, or what is no name
 */
export function proxyUserOf(
  { raw, peer }: Pick<Approach, 'raw' | 'peer'>,
  { from, header, groups }: ProxyUserConfig,
): ProxyUser | undefined {
  if (!isInNetworks(peer, from)) return undefined
  const user = onlyOne(raw, header)
  if (user === undefined || user === '') return undefined
  // What somebody between made one of two.
  if (user.includes(',')) throw malformed(`The header ${header} names more than one`)
  const named = groups === null ? '' : (onlyOne(raw, groups) ?? '')
  const each = named.split(',').map((group) => group.trim())
  const some = [...new Set(each.filter((group) => group !== ''))].slice(0, MOST_GROUPS)
  for (const name of [user, ...some]) assertName(name)
  return { user, groups: some }
}

/** Two of one mean that somebody before the proxy sent one, which the proxy did not take away. */
function onlyOne({ rawHeaders }: IncomingMessage, header: string): string | undefined {
  const [value, ...more] = rawHeaders.filter(
    (_, at) => rawHeaders[at - 1]?.toLowerCase() === header && at % 2 === 1,
  )
  if (more.length > 0) throw malformed(`The header ${header} is there more than once`)
  // Node reads bytes as Latin-1, and names are sent in UTF-8.
  return value === undefined ? undefined : Buffer.from(value, 'latin1').toString().trim()
}

function assertName(name: string): void {
  const isName = name.length <= LONGEST && !/[\p{Cc}\uFFFD]/u.test(name)
  if (!isName) throw malformed('What the proxy names is no name')
}

function malformed(why: string): OrchestraError {
  return new OrchestraError('ORC_HTTP_MALFORMED', why, {
    hint: 'The proxy has to set the header itself, and to take away what others sent: see docs/access.md',
  })
}
