import { checkOptions, type NamesOf } from '../options.ts'
import { invalid } from './check.ts'
import { checkNetworks } from './networks.ts'

/** A proxy in front that knows who somebody is, and says so with each request. */
export interface ProxyUserOptions {
  /** Networks from which it connects, and nobody else: `['127.0.0.1']`. */
  from: readonly string[]
  /** The header that names him: `X-Forwarded-User`. */
  header: string
  /** The one that names his groups, with commas between them: `X-Forwarded-Groups`. */
  groups?: string
}

/** The same, checked; headers in small letters. */
export interface ProxyUserConfig {
  readonly from: readonly string[]
  readonly header: string
  readonly groups: string | null
}

export const proxyUserNames: NamesOf<ProxyUserOptions> = { from: true, header: true, groups: true }

export function checkProxyUser(options: ProxyUserOptions): ProxyUserConfig {
  checkOptions('the configuration: `http.proxyUser`', options, proxyUserNames)
  const { from, header, groups } = options
  const networks = checkNetworks('http.proxyUser.from', from)
  if (networks.length === 0)
    throw invalid('`http.proxyUser.from` names nobody', "Write where the proxy connects from: ['127.0.0.1']")
  const [named, ofGroups] = [
    checkHeader('header', header),
    groups === undefined ? null : checkHeader('groups', groups),
  ]
  if (named === ofGroups) throw invalid(`\`http.proxyUser\` has ${header} for the user and for his groups`)
  return Object.freeze({ from: Object.freeze(networks), header: named, groups: ofGroups })
}

/** Headers that say something else, whoever sends them. */
const taken: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'forwarded',
  'host',
  'origin',
  'referer',
  'user-agent',
  'x-forwarded-for',
])

function checkHeader(option: string, header: unknown): string {
  const name = typeof header === 'string' ? header.toLowerCase() : ''
  if (/^[a-z0-9][a-z0-9-]{0,99}$/.test(name) && !taken.has(name) && !name.startsWith('sec-')) return name
  throw invalid(
    `\`http.proxyUser.${option}\` is ${JSON.stringify(header)}`,
    'Write the name of a header that the proxy alone sets: X-Forwarded-User',
  )
}
