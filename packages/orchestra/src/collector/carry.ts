import { formatKey } from '../config/key.ts'
import { foundState } from '../operations/found-state.ts'
import { latestUnit } from '../operations/of-unit.ts'
import { type Queryable, send } from '../store/index.ts'
import type { Decision } from './decision.ts'

/**
 * An operation that nobody has begun. What is decided about the same thing since is written into it: a thousand changes of an object
 * that waits are one operation, which carries the last of them for all who asked.
 */
export interface Carrier {
  id: number
  /** The unit that it was made for. */
  unit_id: string
  /** The unit whose state of the object it carries. */
  asked_by: string
}

/**
 * Finds the operation that each decision is to be written into, locked.
 * @param atPlaces the operations that places wait for, of decisions that concern places
 */
export async function findCarriers(
  tx: Queryable,
  decisions: readonly Decision[],
  atPlaces: ReadonlyMap<Decision, number>,
): Promise<Map<Decision, Carrier>> {
  const carriers = new Map<Decision, Carrier>()
  const placed = new Map((await unbegun(tx, [...atPlaces.values()])).map((one) => [one.id, one]))
  for (const [decision, id] of atPlaces) {
    const carrier = placed.get(id)
    if (carrier !== undefined) carriers.set(decision, carrier)
  }
  const others = decisions.filter((one) => !carriers.has(one) && isAtNoPlace(one))
  const alike = Map.groupBy(await unbegunBeside(tx, others), (one) => subjectOf(one))
  for (const decision of others) {
    const { model, key, backend, serverId, action } = decision
    const subject = subjectOf({ model, object_key: formatKey(key), backend, server_id: serverId, action })
    const carrier = alike.get(subject)?.shift()
    if (carrier !== undefined) carriers.set(decision, carrier)
  }
  return carriers
}

/** Custom actions, and what cannot be decided now: it waits to be looked at again. */
function isAtNoPlace({ serverId, action, fate }: Decision): boolean {
  return serverId === null ? fate.kind === 'failed' : action !== 'save' && action !== 'delete'
}

const COLUMNS = `o.id, o.unit_id, ${latestUnit('o')} as asked_by`

async function unbegun(tx: Queryable, ids: readonly number[]): Promise<Carrier[]> {
  if (ids.length === 0) return []
  return tx.query<Carrier>(
    `select ${COLUMNS} from orchestra.operation o
     where o.id = any($1::bigint[]) and ${foundState('o')} = 'waiting' and o.started_at is null
     order by o.id for no key update`,
    [ids],
  )
}

type Beside = Carrier & {
  model: string
  object_key: string
  backend: string | null
  server_id: number | null
  action: string
}

async function unbegunBeside(tx: Queryable, decisions: readonly Decision[]): Promise<Beside[]> {
  if (decisions.length === 0) return []
  const objects = new Map(
    decisions.map(({ model, key }) => [`${model}:${formatKey(key)}`, { model, object_key: formatKey(key) }]),
  )
  return tx.query<Beside>(
    `select ${COLUMNS}, o.model, o.object_key, o.backend, o.server_id, o.action
     from jsonb_to_recordset($1::jsonb) as asked(model text, object_key text)
     join orchestra.operation o on o.key_hash = md5(asked.object_key)::uuid and o.model = asked.model
     where ${foundState('o')} = 'waiting' and o.started_at is null
       and (o.server_id is null and o.outcome = 'failure' or o.server_id is not null and o.action not in ('save', 'delete'))
     order by o.id for no key update of o`,
    [JSON.stringify([...objects.values()])],
  )
}

/** Locks what is at no place of the objects that are decided about: failures before they have a server, and custom actions. */
export async function lockBeside(tx: Queryable, decisions: readonly Decision[]): Promise<void> {
  await unbegunBeside(tx, decisions)
}

function subjectOf(one: Omit<Beside, keyof Carrier>): string {
  return JSON.stringify([one.model, one.object_key, one.backend, one.server_id, one.action])
}

/** An operation that tells what becomes of something that a unit asked for, and was made for another. */
export interface Carried {
  unit: string
  operation: number
}

/** Ties units to operations that were made for others. */
export async function carryFor(tx: Queryable, carried: readonly Carried[]): Promise<void> {
  if (carried.length === 0) return
  const units = Map.groupBy(carried, ({ unit }) => unit)
  await send(tx, CARRY, [
    JSON.stringify([...units].map(([unit, own]) => ({ unit, ids: own.map(({ operation }) => operation) }))),
  ])
}

/** Locked in one order, as all do who write several units. */
const CARRY = `
with asked as (
  select * from jsonb_to_recordset($1::jsonb) as a(unit uuid, ids bigint[])
), locked as materialized (
  select u.id from orchestra.unit u where u.id in (select unit from asked) order by u.id for no key update
)
update orchestra.unit u set carried = u.carried || array(select unnest(asked.ids) except select unnest(u.carried) order by 1)
from asked join locked on locked.id = asked.unit
where u.id = asked.unit and not u.carried @> asked.ids`
