import type { Backoff, Config } from '../config/config.ts'
import { formatKey } from '../config/key.ts'
import { tell } from '../events/index.ts'
import { delayAfter } from '../operations/backoff.ts'
import { foundState } from '../operations/found-state.ts'
import { keptText } from '../places/index.ts'
import { changesIn } from '../source/index.ts'
import { often, type Queryable, storable } from '../store/index.ts'
import type { Keyring } from '../store/keyring.ts'
import { type Carried, type Carrier, carryFor, findCarriers } from './carry.ts'
import type { Collected } from './collected.ts'
import type { Decision, Fate } from './decision.ts'
import { type Intended, intendPlaces, lockInOrder, writeIntended } from './intend.ts'
import { portionsOf } from './portions.ts'
import { toSnapshot } from './snapshot.ts'

export interface RecordContext {
  keyring: Keyring
  config: Pick<Config, 'backends'>
  /** For objects that could not be loaded or routed. */
  backoff: Backoff
}

interface OperationInput {
  position: number
  /** The operation that it is written into, and whose state of the object that had; null where a new one is made. */
  id: number | null
  asked_by: string | null
  /** The units that asked, the last one last. */
  unit_ids: readonly string[]
  server_id: number | null
  backend: string | null
  action: string
  model: string
  object_key: string
  keys: readonly string[]
  snapshot: unknown
  identity: string | null
  state: string
  outcome: string | null
  error: string | null
  attempt: number
  delay: number
  held: boolean
}

interface Recorded {
  position: number
  id: number
  server_id: number | null
  due: boolean
}

/**
 * Writes what is wanted into the places, tells it in operations, and removes the changes, in one transaction: a change is either still
 * waiting or has become operations. Answers the servers that have work now.
 */
export async function record(tx: Queryable, collected: Collected, context: RecordContext): Promise<number[]> {
  const serverIds = new Set<number>()
  const carried: Carried[] = []
  let { units } = collected
  const portions = [...portionsOf(collected)]
  if (portions.length > 1) await lockInOrder(tx, collected.decisions)
  for (const { decisions, seen } of portions) {
    const intended = await intendPlaces(tx, decisions, context.config)
    const carriers = await findCarriers(tx, decisions, intended.awaited)
    const operations = decisions.map((decision, position) => ({
      position,
      ...toInput(fateIn(decision, intended), carriers.get(decision), collected.attempts, context),
    }))
    const rows = await tx.query<Recorded>(often(recordSql), [
      JSON.stringify(operations),
      JSON.stringify(units.map(({ createdAt, ...unit }) => ({ ...unit, created_at: createdAt }))),
      JSON.stringify(seen),
    ])
    const ids = new Map(rows.flatMap(({ position, id }) => [[decisions[position], id] as const]))
    await writeIntended(tx, intended, (decision) => ids.get(decision) ?? null)
    carried.push(...carriedBy(ids, carriers))
    for (const { due, server_id: serverId } of rows) if (due && serverId !== null) serverIds.add(serverId)
    units = []
  }
  // Last, and once: others that decide parts of the same units wait for this.
  await carryFor(tx, carried)
  await changesIn(tx).acknowledge(collected.changeIds)
  return [...serverIds]
}

/** A new operation is the last unit's that asked; one that waited stays whose it was. */
function carriedBy(
  ids: ReadonlyMap<Decision | undefined, number>,
  carriers: ReadonlyMap<Decision, Carrier>,
): Carried[] {
  return [...ids].flatMap(([decision, operation]) => {
    if (decision === undefined) return []
    const owner = carriers.get(decision)?.unit_id ?? decision.unitIds.at(-1)
    return decision.unitIds.filter((unit) => unit !== owner).map((unit) => ({ unit, operation }))
  })
}

/** Where nothing was ever made there is nothing to remove or to keep. */
function fateIn(decision: Decision, { needless }: Intended): Decision {
  if (decision.fate.kind !== 'waiting') return decision
  if (needless.has(decision))
    return { ...decision, fate: { kind: 'nothing', reason: 'Nothing of it was ever made there' } }
  return decision.leave === 'keep' ? { ...decision, fate: { kind: 'kept', reason: BEGUN } } : decision
}

const BEGUN = keptText('its policy is to keep it, and it was begun by then')

function toInput(
  decision: Decision,
  carrier: Carrier | undefined,
  attempts: ReadonlyMap<string, number>,
  { keyring, backoff }: RecordContext,
): Omit<OperationInput, 'position'> {
  const { fate, key, unitIds } = decision
  const objectKey = formatKey(key)
  const attempt = fate.kind === 'failed' ? (attempts.get(`${decision.model}:${objectKey}`) ?? 0) + 1 : 0
  return {
    id: carrier?.id ?? null,
    asked_by: carrier?.asked_by ?? null,
    unit_ids: unitIds,
    server_id: decision.serverId,
    backend: decision.backend,
    action: decision.action,
    model: decision.model,
    object_key: objectKey,
    keys: key,
    snapshot:
      decision.object === null
        ? decision.snapshot
        : toSnapshot(decision.object, keyring.for(decision.model, objectKey)),
    identity: decision.identity,
    state: isEnded(fate) ? 'done' : 'waiting',
    outcome: fate.kind === 'failed' ? 'failure' : isEnded(fate) ? 'nothing' : null,
    error: 'reason' in fate ? storable(fate.reason) : null,
    attempt,
    delay: fate.kind === 'failed' ? delayAfter(attempt, backoff) : 0,
    held: fate.kind === 'held',
  }
}

function isEnded(fate: Fate): boolean {
  return fate.kind === 'nothing' || fate.kind === 'kept'
}

/**
 * What has not begun is written anew. Of what failed again as it failed before, nobody is told again.
 */
const recordSql = `
with input as materialized (
  select given.*, coalesce(given.given_id, nextval(pg_get_serial_sequence('orchestra.operation', 'id'))) as id,
    given.given_id is not null as again,
    case when given.delay > 0 then now() + given.delay * interval '1 ms' else '-infinity' end as due_at,
    case when given.state = 'done' then now() end as ended_at
  from (
    select position, id as given_id, asked_by, unit_ids, unit_ids[cardinality(unit_ids)] as unit_id, server_id, backend, action, model, object_key, keys, snapshot,
      case when action = 'save' then identity end as identity, state, outcome, error, attempt, delay, held
    from jsonb_to_recordset($1::jsonb) as row(
      position int, id bigint, asked_by uuid, unit_ids uuid[], server_id int, backend text, action text, model text,
      object_key text, keys jsonb, snapshot jsonb, identity text, state text, outcome text,
      error text, attempt int, delay bigint, held boolean)
    order by position
  ) given
), inserted as (
  insert into orchestra.operation
    (id, unit_id, server_id, backend, action, model, object_key, keys, snapshot, identity, state, outcome, error,
     attempt, due_at, held, ended_at)
  select i.id, i.unit_id, i.server_id, i.backend, i.action, i.model, i.object_key, i.keys, i.snapshot, i.identity, i.state, i.outcome,
    i.error, i.attempt, i.due_at, i.held, i.ended_at
  from input i
  where not i.again
  order by i.position
), rewritten as (
  update orchestra.operation o set latest_unit_id = nullif(i.unit_id, o.unit_id),
    rewritten_at = case when i.asked_by is distinct from i.unit_id then clock_timestamp() else o.rewritten_at end,
    action = i.action, snapshot = i.snapshot, identity = i.identity, state = i.state, outcome = i.outcome, error = i.error,
    attempt = i.attempt, due_at = i.due_at, held = i.held, look_again = false, ended_at = i.ended_at
  from input i where i.again and o.id = i.id
), replaced as (
  update orchestra.operation o set state = 'superseded', superseded_by = i.id, ended_at = now(), snapshot = null
  from input i
  where ${foundState('o')} = 'waiting' and not exists (select from input where input.again and input.id = o.id)
    and o.key_hash = md5(i.object_key)::uuid and o.model = i.model
    and o.backend = i.backend and o.server_id = i.server_id
    and (o.action = i.action or i.action = 'delete' or (i.action = 'save' and o.action = 'delete'))
), resolved as (
  update orchestra.operation o set
    state = case when i.id is null then 'done' else 'superseded' end,
    outcome = case when i.id is null then 'nothing' else o.outcome end,
    superseded_by = i.id, ended_at = now()
  from (
    select o.id as old_id, heir.id
    from jsonb_to_recordset($3::jsonb) as seen(model text, object_key text, action text, backend text)
    join orchestra.operation o on o.key_hash = md5(seen.object_key)::uuid and o.model = seen.model
      and (seen.backend is null or coalesce(o.backend, '') = seen.backend)
      and case when o.action = 'delete' then 'save' else o.action end = seen.action
    left join lateral (
      select id from input
      where input.model = seen.model and input.object_key = seen.object_key
        and case when input.action = 'delete' then 'save' else input.action end = seen.action
      order by (input.backend = o.backend and input.server_id = o.server_id) desc nulls last, id limit 1
    ) heir on true
    where ${foundState('o')} = 'waiting' and (o.server_id is null or o.held)
      and not exists (select from input where input.again and input.id = o.id)
  ) i
  where o.id = i.old_id and ${foundState('o')} = 'waiting'
), units as (
  insert into orchestra.unit (id, actor, source, created_at, logins)
  select id, actor, source, created_at, logins
  from jsonb_to_recordset($2::jsonb) as row(id uuid, actor text, source text, created_at timestamptz, logins text[])
  on conflict (id) do update set logins = array(select distinct unnest(unit.logins || excluded.logins) order by 1)
  where not unit.logins @> excluded.logins
), told as (
  ${tell(
    'unit',
    { unit: 'unit_id', first: 'min(id)', last: 'max(id)', operations: 'count(*)' },
    `(
      select asking.unit_id, input.id from input cross join lateral unnest(input.unit_ids) as asking(unit_id)
      where not (input.again and input.outcome is not distinct from 'failure' and input.asked_by = asking.unit_id)
    ) as asked group by unit_id`,
  )}
)
select position, id, server_id, state = 'waiting' and not held and outcome is null as due from input`
