import { OrchestraError } from '../errors.ts'
import { type Queryable, type Store, storable } from '../store/index.ts'
import type { AccountRow } from './accounts.ts'
import { type Clock, clock as now } from './actor.ts'
import { grantsOf } from './grants.ts'
import { type Arrival, type Entered, enter, noteRefusal } from './login.ts'

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
 * Lets somebody in whom a provider vouches for. What his groups were given holds from now on, for what he has open already too; who was
 * given nothing is not let in.
 * @throws OrchestraError ORC_LOGIN_UNMAPPED, ORC_LOGIN_REFUSED
 */
export async function enterByIdentity(
  store: Store,
  { identity, ...arrival }: Arrival & { identity: ProvenIdentity },
  clock: Clock = now,
): Promise<Entered> {
  const entered = await store.transaction(async (tx) => {
    const known = await noteGroups(tx, identity)
    if (!(await hasSomething(tx, known?.id ?? null, identity.groups))) {
      if (known !== undefined) await noteRefusal(tx, known, arrival, 'ORC_LOGIN_UNMAPPED')
      return undefined
    }
    return enter(tx, known ?? (await addAccount(tx, identity, clock)), arrival, clock)
  })
  if (entered === undefined) throw unmapped(identity)
  return entered
}

type Known = Pick<AccountRow, 'id' | 'name'>

async function noteGroups(
  tx: Queryable,
  { issuer, subject, groups }: ProvenIdentity,
): Promise<Known | undefined> {
  const [known] = await tx.query<Known>(
    'update orchestra.account set groups = $3 where issuer = $1 and subject = $2 returning id, name',
    [issuer, subject, groups],
  )
  return known
}

export async function hasSomething(
  tx: Queryable,
  accountId: number | null,
  groups: readonly string[],
): Promise<boolean> {
  const grants = await grantsOf(tx, { kind: 'account', id: accountId, groups })
  return grants.some(({ permissions }) => permissions.size > 0)
}

/** Made at the first login, under a name that nobody has: his own, or with a number. */
export async function addAccount(tx: Queryable, identity: ProvenIdentity, clock: Clock): Promise<Known> {
  const { issuer, subject, groups } = identity
  const called = shownName(identity.name)
  for (let nth = 1; ; nth++) {
    const name = nth === 1 ? called : `${called} (${nth})`
    const [added] = await tx.query<Known>(
      `insert into orchestra.account (name, issuer, subject, groups, created_at, created_by)
       values ($1, $2, $3, $4, $5, $2) on conflict do nothing returning id, name`,
      [name, issuer, subject, groups, clock()],
    )
    if (added !== undefined) return added
    // Another request of the same person was quicker.
    const known = await noteGroups(tx, identity)
    if (known !== undefined) return known
  }
}

/** He has proven who he is, so he may be told what is missing. */
export function unmapped({ name, groups }: ProvenIdentity): OrchestraError {
  const some = groups.slice(0, SHOWN_GROUPS).join(', ')
  const which = groups.length === 0 ? 'in no group' : `in ${some}${groups.length > SHOWN_GROUPS ? ', …' : ''}`
  return new OrchestraError(
    'ORC_LOGIN_UNMAPPED',
    `${shownName(name)} is known, and ${which}: nothing of that was given a role here`,
    { hint: 'Somebody who may give it can: orchestra binding add ROLE --group GROUP' },
  )
}

const SHOWN_GROUPS = 10

/** A provider may tell anything; the audit and terminals show it, and it is to pass for no token. */
function shownName(name: string): string {
  const plain = (storable(name) ?? '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, LONGEST_NAME)
  return plain === '' || plain.includes(':') ? `user ${plain.replaceAll(':', ' ').trim()}`.trim() : plain
}

const LONGEST_NAME = 200
