import type { Store } from '../store/index.ts'
import type { AccountRow } from './accounts.ts'
import { type Clock, clock as now } from './actor.ts'
import type { Identity } from './authenticate.ts'
import { NOTED_EVERY } from './authenticate.ts'
import { grantsOf } from './grants.ts'
import { addAccount, hasSomething, type ProvenIdentity, unmapped } from './identities.ts'
import { refused } from './login.ts'

/** Who says so, where a proxy does: there is one. */
const PROXY = 'proxy'

interface ProxiedRow extends Pick<AccountRow, 'id' | 'name' | 'groups' | 'disabled'> {
  stale: boolean
}

const PROXIED = `
select id, name, groups, disabled_at is not null as disabled, coalesce(seen_at <= $3, true) as stale
from orchestra.account where issuer = $1 and subject = $2`

/**
 * Whom a proxy in front names in a request. He is made a user when something was given to him or his groups; without a session, because
 * the proxy says it each time.
 * @throws OrchestraError ORC_LOGIN_REFUSED where he is disabled, ORC_LOGIN_UNMAPPED
 */
export async function authenticateProxied(
  store: Store,
  { user, groups }: { user: string; groups: readonly string[] },
  clock: Clock = now,
): Promise<Identity> {
  const identity = {
    issuer: PROXY,
    subject: user,
    name: user,
    groups: groups.map((one) => `${PROXY}/${one}`),
  }
  const at = clock()
  const noted = new Date(at.getTime() - NOTED_EVERY)
  const [row] = await store.query<ProxiedRow>(PROXIED, [PROXY, user, noted])
  const { id, name } = row ?? (await addProxied(store, identity, clock))
  if (row?.disabled === true) throw refused()
  if (row === undefined || row.stale || !isSame(row.groups, identity.groups))
    await store.query('update orchestra.account set groups = $2, seen_at = $3 where id = $1', [
      id,
      identity.groups,
      at,
    ])
  const grants = await grantsOf(store, { kind: 'account', id, groups: identity.groups })
  if (grants.every(({ permissions }) => permissions.size === 0)) throw unmapped(identity)
  return { kind: 'user', name, grants, accountId: id, by: null }
}

function addProxied(
  store: Store,
  identity: ProvenIdentity,
  clock: Clock,
): Promise<Pick<AccountRow, 'id' | 'name'>> {
  return store.transaction(async (tx) => {
    if (await hasSomething(tx, null, identity.groups)) return addAccount(tx, identity, clock)
    throw unmapped(identity)
  })
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, at) => one === others[at])
}
