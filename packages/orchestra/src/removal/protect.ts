import { formatKey, formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { isoTime } from '../logs/index.ts'
import { lockPlacesWhere } from '../places/index.ts'
import {
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  moment,
  type Narrowed,
  named,
  patterned,
  queryWith,
  seenRows,
  textIn,
} from '../query/index.ts'
import { audit, type Doer, doerOf } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'

/** An object (for one backend or all), or all objects of a backend. */
export type Protectable =
  | { kind: 'object'; model: string; key: Key; backend: string | null }
  | { kind: 'backend'; backend: string }

/** What may not be removed, and who says so. Times are ISO 8601. */
export interface ProtectionView {
  /** `model:key`; null for all objects of the backend. */
  object: string | null
  /** Null for all backends. */
  backend: string | null
  by: string
  reason: string | null
  since: string
}

/**
 * Refuses the removal of an object, or of all objects of a backend, until `unprotect`: a removal that waits asks for it
 * when its turn comes, and waits on.
 */
export async function protect(
  store: Store,
  subject: Protectable,
  { reason, ...doer }: Doer & { reason?: string } = {},
): Promise<ProtectionView> {
  const by = doerOf(doer)
  return store.transaction(async (tx) => {
    await tx.query(PROTECT, [...valuesOf(subject), by, reason ?? null])
    await audit(tx, {
      by,
      action: 'protect',
      target: protectableName(subject),
      detail: { reason: reason ?? null },
    })
    await tx.query(WAKE)
    const [view] = await tx.query<ProtectionView>(`${PROTECTIONS} where ${isSubject}`, valuesOf(subject))
    return view as ProtectionView
  })
}

/** Ends a protection; what was refused because of it is looked at again at once. Answers whether there was one. */
export async function unprotect(store: Store, subject: Protectable, by: string): Promise<boolean> {
  return store.transaction(async (tx) => {
    const ended = await tx.query(
      `delete from orchestra.protection where ${isSubject} returning 1`,
      valuesOf(subject),
    )
    if (ended.length === 0) return false
    await lockPlacesWhere(tx, IS_PROTECTED, valuesOf(subject))
    await tx.query(WAKE_PROTECTED, valuesOf(subject))
    await tx.query(LOOK_AGAIN_AT_REFUSED, valuesOf(subject))
    await audit(tx, { by, action: 'unprotect', target: protectableName(subject) })
    await tx.query(WAKE)
    return true
  })
}

/** All protections, or those that concern one object. */
export function listProtections(
  db: Queryable,
  object?: { model: string; key: Key },
): Promise<ProtectionView[]> {
  const values = [object?.model ?? null, object === undefined ? null : formatKey(object.key)]
  return db.query<ProtectionView>(
    `${PROTECTIONS} where $1::text is null or (model = $1 and object_key = $2::text)
     order by protection.model nulls first, protection.object_key, protection.backend`,
    values,
  )
}

export interface ProtectionSearch extends Narrowed {
  /** What the last one of the page before is about: as it is shown, `''` for null. */
  after?: readonly [object: string, backend: string] | undefined
  limit?: number | undefined
}

/** Protections that fit: of whole backends, then of objects in their order. */
export function findProtections(db: Queryable, search: ProtectionSearch): Promise<ProtectionView[]> {
  const { after, limit } = search
  const behind: Condition[] =
    after === undefined
      ? []
      : [(parameter) => `(${ORDER}) > (${after.map((part) => `${parameter(part)}::text`).join(', ')})`]
  return queryWith<ProtectionView>(
    db,
    (parameter, all) =>
      `${PROTECTIONS} where ${all([...behind, ...conditionsOf(search)])}
       order by ${ORDER} ${limit === undefined ? '' : `limit ${parameter(limit)}`}`,
  )
}

/** How many protections fit. */
export function countProtections(db: Queryable, search: ProtectionSearch): Promise<Counted> {
  return countRows(db, 'orchestra.protection', conditionsOf(search))
}

function conditionsOf(search: ProtectionSearch): Condition[] {
  return [seenRows(search, 'protection', 'protection'), ...(search.where ?? [])]
}

const OBJECT = `coalesce(protection.model || ':' || protection.object_key, '')`
const ORDER = `${OBJECT} collate "C", coalesce(protection.backend, '') collate "C"`

/** What a list of protections can be narrowed by. */
export const protectionFilters: Filters = {
  by: {
    object: named(OBJECT, 'An object, such as `object:site:12`'),
    model: named('protection.model', 'A model'),
    backend: named('protection.backend', 'A backend'),
    by: patterned('protection.actor', 'Who says so'),
    is: choice(
      { object: 'protection.model is not null', backend: 'protection.model is null' },
      'What it is about',
    ),
    since: moment('protection.created_at', 'since'),
    until: moment('protection.created_at', 'until'),
  },
  text: {
    about: 'What stands in the object or in the reason',
    where: textIn('protection.object_key', 'protection.reason'),
  },
}

/** What people call it. */
export function protectableName(subject: Protectable): string {
  if (subject.kind === 'backend') return `backend ${subject.backend}`
  const object = formatObject(subject.model, subject.key)
  return subject.backend === null ? object : `${object} of backend ${subject.backend}`
}

function valuesOf(subject: Protectable): (string | null)[] {
  if (subject.kind === 'backend') return [subject.backend, null, null]
  return [subject.backend, subject.model, formatKey(subject.key)]
}

const isSubject = `(coalesce(backend, ''), coalesce(model, ''), md5(coalesce(object_key, '')))
  = (coalesce($1::text, ''), coalesce($2::text, ''), md5(coalesce($3::text, '')))`

const isOfSubject = (alias: string) => `($1::text is null or ${alias}.backend = $1)
  and ($2::text is null or (${alias}.model = $2 and ${alias}.key_hash = md5($3::text)::uuid))`

const PROTECTIONS = `
select model || ':' || object_key as object, backend, actor as by, reason, ${isoTime('created_at')} as since
from orchestra.protection`

const PROTECT = `
insert into orchestra.protection (backend, model, object_key, actor, reason) values ($1, $2, $3, $4, $5)
on conflict (coalesce(backend, ''), coalesce(model, ''), md5(coalesce(object_key, '')))
do update set actor = excluded.actor, reason = excluded.reason`

const LOOK_AGAIN_AT_REFUSED = `
update orchestra.operation o set due_at = '-infinity'
where o.state = 'waiting' and o.server_id is null and ${isOfSubject('o')}`

const IS_PROTECTED = `p.wait ->> 'kind' = 'protection' and ${isOfSubject('p')}`

const WAKE_PROTECTED = `update orchestra.placement p set due_at = '-infinity', wait = null where ${IS_PROTECTED}`

const WAKE = `select pg_notify('orchestra_change', ''), pg_notify('orchestra_control', 'protect'), pg_notify('orchestra_settled', '')`
