import { type Queryable, type Store, storable } from '../store/index.ts'
import type { AccountRow } from './accounts.ts'
import { type Clock, clock as now } from './actor.ts'
import { grantsOf } from './grants.ts'
import { type Arrival, type Entered, enter, refused } from './login.ts'

/** What a provider of identities, or a proxy in front, says of somebody. */
export interface ProvenIdentity {
  /** Who says so, and whom it means: together they name one person for ever, which a mail address does not. */
  issuer: string
  subject: string
  /** What people call him. */
  name: string
  groups: readonly string[]
}

/**
 * Lets somebody in whom a provider vouches for. What his groups were given holds from now on; who was given nothing is not let in.
 * @throws OrchestraError ORC_LOGIN_REFUSED
 */
export async function enterByIdentity(
  store: Store,
  { identity, ...arrival }: Arrival & { identity: ProvenIdentity },
  clock: Clock = now,
): Promise<Entered> {
  return store.transaction(async (tx) => {
    const account = await accountOf(tx, identity, clock)
    const grants = await grantsOf(tx, { kind: 'account', id: account.id, groups: identity.groups })
    if (!grants.some(({ permissions }) => permissions.size > 0)) throw refused()
    return enter(tx, account, arrival, clock)
  })
}

/** Made at the first login, under a name that nobody has: his own, or with a number. */
async function accountOf(
  tx: Queryable,
  { issuer, subject, name, groups }: ProvenIdentity,
  clock: Clock,
): Promise<Pick<AccountRow, 'id' | 'name'>> {
  const called = shownName(name)
  for (let nth = 1; ; nth++) {
    const [known] = await tx.query<{ id: number; name: string }>(
      'update orchestra.account set groups = $3 where issuer = $1 and subject = $2 returning id, name',
      [issuer, subject, groups],
    )
    if (known !== undefined) return known
    await tx.query(
      `insert into orchestra.account (name, issuer, subject, groups, created_at, created_by)
       values ($1, $2, $3, $4, $5, $2) on conflict do nothing`,
      [nth === 1 ? called : `${called} (${nth})`, issuer, subject, groups, clock()],
    )
  }
}

/** A provider may tell anything; the audit and terminals show it, and it is to pass for no token. */
function shownName(name: string): string {
  const plain = (storable(name) ?? '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, LONGEST_NAME)
  return plain === '' || plain.includes(':') ? `user ${plain.replaceAll(':', ' ').trim()}`.trim() : plain
}

const LONGEST_NAME = 200
