import type { Backoff } from '../config/config.ts'
import { formatKey, formatObject } from '../config/key.ts'
import { tell } from '../events/index.ts'
import { delayAfter } from '../operations/backoff.ts'
import { foundState } from '../operations/found-state.ts'
import { type Queryable, storable } from '../store/index.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Decision, Fate } from './decide.ts'
import { toSnapshot } from './snapshot.ts'

/** Who holds it is the only one to record operations. Any constant: it only has to be the same in every process. */
export const COLLECTOR_LOCK = 7_355_610

/** Characters of operations that one statement takes. */
const BYTES_A_STATEMENT = 16 * 1024 * 1024

export interface UnitRow {
  id: string
  actor: string | null
  source: string | null
  createdAt: Date
  /** Everybody who was logged in where one of its changes was made. */
  logins: readonly string[]
}

/** What one look of the collector leaves in the store. */
export interface Collected {
  changeIds: readonly number[]
  units: readonly UnitRow[]
  decisions: readonly Decision[]
  /** Tries so far of objects that failed before, by `model:key`. */
  attempts: ReadonlyMap<string, number>
  /** What was looked at: what failed of it before is over. */
  seen: readonly Seen[]
}

/** An object and what was wanted of it; `save` stands for `delete` too. */
export interface Seen {
  model: string
  object_key: string
  action: string
  /** The only backend of which it was; null for all, and '' for what was not of any yet. */
  backend: string | null
}

export interface RecordContext {
  keyring: Keyring
  /** For objects that could not be loaded or routed. */
  backoff: Backoff
}

interface OperationInput {
  position: number
  heir: number | null
  unit_id: string
  server_id: number | null
  backend: string | null
  action: string
  model: string
  object_key: string
  keys: readonly string[]
  snapshot: unknown
  identity: string | null
  gate: readonly number[] | null
  transfer_to: number | null
  unmade: boolean
  kept: boolean
  state: string
  outcome: string | null
  error: string | null
  attempt: number
  delay: number
  held: boolean
}

/**
 * Writes operations, supersedes what they replace, marks placements and removes the changes, in one transaction: a change is
 * either still waiting or has become operations. Answers the servers that have work now.
 */
export async function record(tx: Queryable, collected: Collected, context: RecordContext): Promise<number[]> {
  const serverIds = new Set<number>()
  let { units, changeIds } = collected
  for (const { operations, seen } of portionsOf(collected, context)) {
    const rows = await tx.query<{ server_id: number }>(recordSql, [
      operations,
      JSON.stringify(units.map(({ createdAt, ...unit }) => ({ ...unit, created_at: createdAt }))),
      changeIds,
      JSON.stringify(seen),
    ])
    for (const { server_id: serverId } of rows) serverIds.add(serverId)
    units = []
    changeIds = []
  }
  await openTransfers(tx, collected.decisions)
  return [...serverIds]
}

/** What one statement takes. */
interface Portion {
  /** As JSON. */
  operations: string
  /** What was looked at of the same objects; the last has the others. */
  seen: readonly Seen[]
}

/** A value of jsonb may have 256 MB in all, and what rows weigh is the application's. What is done about one object stays together. */
export function* portionsOf(
  { decisions, attempts, seen }: Collected,
  context: RecordContext,
  bytes = BYTES_A_STATEMENT,
): Generator<Portion> {
  const unseen = new Map(Map.groupBy(seen, ({ model, object_key }) => `${model}:${object_key}`))
  let texts: string[] = []
  let size = 0
  let names = new Set<string>()
  for (const [name, own] of Map.groupBy(decisions, ({ model, key }) => formatObject(model, key))) {
    if (size > bytes) {
      yield { operations: `[${texts.join(',')}]`, seen: take(unseen, names) }
      texts = []
      size = 0
      names = new Set()
    }
    names.add(name)
    for (const decision of own)
      for (const input of toInputs(decision, texts.length, attempts, context)) {
        const text = JSON.stringify(input)
        texts.push(text)
        size += text.length
      }
  }
  yield { operations: `[${texts.join(',')}]`, seen: [...unseen.values()].flat() }
}

function take(unseen: Map<string, Seen[]>, names: ReadonlySet<string>): Seen[] {
  return [...names].flatMap((name) => {
    const seen = unseen.get(name) ?? []
    unseen.delete(name)
    return seen
  })
}

/** The last unit that asked gets the operation; for the others it is recorded as superseded by that one. */
function toInputs(
  decision: Decision,
  position: number,
  attempts: Collected['attempts'],
  context: RecordContext,
): OperationInput[] {
  const own = toInput(decision, attempts, context)
  const heir = position + decision.unitIds.length - 1
  return decision.unitIds.map((unitId, index) => {
    const at = { position: position + index, unit_id: unitId }
    if (at.position === heir) return { ...own, ...at, heir: null }
    return { ...own, ...at, heir, state: 'superseded', snapshot: null, identity: null }
  })
}

function toInput(
  decision: Decision,
  attempts: ReadonlyMap<string, number>,
  { keyring, backoff }: RecordContext,
): Omit<OperationInput, 'position' | 'heir' | 'unit_id'> {
  const { fate, key } = decision
  const objectKey = formatKey(key)
  const attempt = fate.kind === 'failed' ? (attempts.get(`${decision.model}:${objectKey}`) ?? 0) + 1 : 0
  return {
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
    gate: decision.gate,
    transfer_to: decision.transferTo,
    unmade: decision.unmade,
    kept: fate.kind === 'kept',
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

/** What an earlier decision sent elsewhere from there was cancelled by the statement before. */
async function openTransfers(tx: Queryable, decisions: readonly Decision[]): Promise<void> {
  const transfers = decisions.flatMap(({ backend, model, key, serverId, transferTo, unmade }) =>
    transferTo === null
      ? []
      : [
          {
            backend,
            model,
            object_key: formatKey(key),
            from_server: serverId,
            to_server: transferTo,
            unmade,
          },
        ],
  )
  if (transfers.length === 0) return
  await tx.query(
    `with wanted as (
       select * from jsonb_to_recordset($1::jsonb)
         as row(backend text, model text, object_key text, from_server int, to_server int, unmade boolean)
     ), opened as (
       insert into orchestra.transfer (backend, model, object_key, from_server, to_server)
       select backend, model, object_key, from_server, to_server from wanted where not unmade
       on conflict (key_hash, model, backend, from_server) where ended_at is null do nothing
       returning key_hash, model, backend, to_server
     )
     update orchestra.placement p set hollow = true
     from (
       select key_hash, model, backend, to_server from opened
       union all select md5(object_key)::uuid, model, backend, to_server from wanted where unmade
     ) o
     where p.key_hash = o.key_hash and p.model = o.model and p.backend = o.backend and p.server_id = o.to_server`,
    [JSON.stringify(transfers)],
  )
}

function isPlaceOf(placement: string, input: string): string {
  return `${placement}.key_hash = md5(${input}.object_key)::uuid and ${placement}.model = ${input}.model
    and ${placement}.backend = ${input}.backend and ${placement}.server_id = ${input}.server_id`
}

/** Nothing was ever done there: the name that it was to get first is of no account. */
const isUntouched = `case
      when p.applied_at is not null or p.log_id is not null or excluded.state <> 'pending' then false
      else not exists (
        select from orchestra.operation o where o.key_hash = p.key_hash and o.model = p.model and o.backend = p.backend
          and o.server_id = p.server_id and ${foundState('o')} = 'running')
      end`

/**
 * What fails again as it failed before is the operation that it was. Locks the lanes first, in order: a claim or settlement of the same operations does so too, and two statements that lock
 * rows in different orders would end in a deadlock.
 */
const recordSql = `
with given as (
  select *, row_number() over (
    partition by unit_id, model, object_key, action, backend, server_id is null, state, outcome order by position) as nth
  from jsonb_to_recordset($1::jsonb) as row(
    position int, heir int, unit_id uuid, server_id int, backend text, action text, model text, object_key text,
    keys jsonb, snapshot jsonb, identity text, gate int[], transfer_to int, unmade boolean, kept boolean, state text, outcome text,
    error text, attempt int, delay bigint, held boolean)
  order by position
), input as materialized (
  select given.*, coalesce(same.id, nextval(pg_get_serial_sequence('orchestra.operation', 'id'))) as id, same.id is not null as again
  from given left join lateral (
    select o.id from orchestra.operation o
    where given.server_id is null and given.outcome = 'failure' and given.state = 'waiting'
      and o.key_hash = md5(given.object_key)::uuid and o.model = given.model and o.backend is not distinct from given.backend
      and o.server_id is null and o.action = given.action and o.unit_id = given.unit_id and ${foundState('o')} = 'waiting'
    order by o.id offset given.nth - 1 limit 1
  ) same on true
), locked as materialized (
  select count(*) from (
    select from orchestra.lane where server_id in (select server_id from input) order by server_id for no key update
  ) lanes
), inserted as (
  insert into orchestra.operation
    (id, unit_id, server_id, backend, action, model, object_key, keys, snapshot, identity, gate, state, outcome, error,
     superseded_by, attempt, due_at, held, ended_at)
  select i.id, i.unit_id, i.server_id, i.backend, i.action, i.model, i.object_key, i.keys, i.snapshot,
    case when i.action = 'save' then i.identity end, i.gate, i.state, i.outcome, i.error, h.id, i.attempt, case when i.delay > 0 then now() + i.delay * interval '1 ms' else '-infinity' end,
    i.held, case when i.state in ('done', 'superseded') then now() end
  from input i left join input h on h.position = i.heir
  where not i.again
  order by i.position
), failed_again as (
  update orchestra.operation o set error = i.error, attempt = i.attempt, snapshot = i.snapshot,
    due_at = now() + i.delay * interval '1 ms'
  from input i cross join locked where i.again and o.id = i.id
), replaced as (
  update orchestra.operation o set state = 'superseded', superseded_by = i.id, ended_at = now(), snapshot = null
  from input i cross join locked
  where ${foundState('o')} = 'waiting' and i.state <> 'superseded'
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
    from jsonb_to_recordset($4::jsonb) as seen(model text, object_key text, action text, backend text)
    join orchestra.operation o on o.key_hash = md5(seen.object_key)::uuid and o.model = seen.model
      and (seen.backend is null or coalesce(o.backend, '') = seen.backend)
      and case when o.action = 'delete' then 'save' else o.action end = seen.action
    left join lateral (
      select id from input
      where input.model = seen.model and input.object_key = seen.object_key and input.state <> 'superseded'
        and case when input.action = 'delete' then 'save' else input.action end = seen.action
      order by (input.backend = o.backend and input.server_id = o.server_id) desc nulls last, id limit 1
    ) heir on true
    where ${foundState('o')} = 'waiting' and (o.server_id is null or o.held)
      and not exists (select from input where input.again and input.id = o.id)
  ) i cross join locked
  where o.id = i.old_id and ${foundState('o')} = 'waiting'
), placed as (
  insert into orchestra.placement as p (backend, server_id, model, object_key, keys, identity, snapshot, state, unmade)
  select backend, server_id, model, object_key, keys, identity, snapshot,
    case when action = 'delete' then 'deleting' else 'pending' end, unmade
  from input cross join locked where state = 'waiting' and identity is not null and server_id is not null
  on conflict (key_hash, model, backend, server_id) do update set state = excluded.state, kept_at = null, unmade = excluded.unmade,
    identity = case when ${isUntouched} then excluded.identity else p.identity end,
    snapshot = case when ${isUntouched} then excluded.snapshot else p.snapshot end
  returning p.*
), made_meanwhile as (
  insert into orchestra.change (unit_id, login, model, action, keys)
  select (select i.unit_id from input i where i.state = 'waiting' and ${isPlaceOf('placed', 'i')} limit 1), null,
    model, 'save', jsonb_build_array(keys)
  from placed where unmade and (applied_at is not null or log_id is not null)
), kept as (
  update orchestra.placement p set state = 'kept', kept_at = now(), unmade = false from input i
  where i.kept and i.state <> 'superseded' and ${isPlaceOf('p', 'i')}
), cancelled as (
  update orchestra.transfer t set outcome = 'cancelled', ended_at = now() from input i
  where t.ended_at is null and i.state <> 'superseded' and i.action in ('save', 'delete') and not i.held
    and t.key_hash = md5(i.object_key)::uuid and t.model = i.model and t.backend = i.backend
    and t.from_server = i.server_id and t.to_server is distinct from i.transfer_to
  returning t.key_hash, t.model, t.backend, t.to_server, i.kept
), left_alone as (
  update orchestra.placement p set hollow = false from cancelled c
  where c.kept and p.key_hash = c.key_hash and p.model = c.model and p.backend = c.backend and p.server_id = c.to_server
), forgotten as (
  delete from orchestra.placement p using input i
  where i.action = 'delete' and i.outcome = 'nothing' and not i.kept and p.key_hash = md5(i.object_key)::uuid and p.model = i.model
    and p.backend = i.backend and p.server_id = i.server_id
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
    'input where not again group by unit_id',
  )}
), collected as (
  delete from orchestra.change where id = any($3::bigint[])
)
select distinct server_id from input
where server_id is not null and state = 'waiting' and not held and outcome is null`
