import type { IDToken, UserInfoResponse } from 'openid-client'
import type { ProvenIdentity } from '../../access/index.ts'
import type { OidcConfig } from '../../config/oidc.ts'

/** Of more than these somebody is in the first. */
const MOST_GROUPS = 1_000
const LONGEST_GROUP = 200

type Claims = Pick<IDToken, 'iss' | 'sub'> & Partial<UserInfoResponse>

/**
 * Whom the claims of a provider mean. Its groups are those of its name, so that no two providers speak of the same; what is no list of
 * names is no group.
 */
export function identityOf(
  { name: provider, claims: where }: OidcConfig,
  claims: Claims,
): { identity: ProvenIdentity; isComplete: boolean } {
  const [name, groups] = [valueAt(claims, where.name), valueAt(claims, where.groups)]
  const identity = {
    issuer: claims.iss,
    subject: claims.sub,
    name: typeof name === 'string' && name !== '' ? name : claims.sub,
    groups: groupsIn(groups).map((group) => `${provider}/${group}`),
  }
  return { identity, isComplete: name !== undefined && groups !== undefined }
}

function valueAt(claims: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (within, part) =>
      typeof within === 'object' && within !== null && Object.hasOwn(within, part)
        ? (within as Record<string, unknown>)[part]
        : undefined,
    claims,
  )
}

function groupsIn(value: unknown): string[] {
  const all = Array.isArray(value) ? value : [value]
  const named = all.filter(
    (one) => typeof one === 'string' && one !== '' && one.length <= LONGEST_GROUP && isPlain(one),
  )
  return [...new Set<string>(named)].slice(0, MOST_GROUPS)
}

/** What the store cannot hold, or no terminal shows, is no name. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}
