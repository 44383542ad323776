import { randomUUID } from 'node:crypto'
import { toSnapshot } from '../collector/index.ts'
import type { Backend } from '../config/backend.ts'
import { formatKey } from '../config/key.ts'
import { OrchestraError } from '../errors.ts'
import { Hearing, telling } from '../logs/index.ts'
import { foundState } from '../manager/found-state.ts'
import { sharedOf } from '../manager/ownership.ts'
import { revisionOf } from '../manager/revision.ts'
import { verdictOf } from '../manager/verdict.ts'
import type { JobEnd } from '../methods/index.ts'
import {
  createOutputParser,
  describeBriefly,
  type Recording,
  record,
  recordSync,
  renderScript,
  type SharedOwnership,
} from '../script/index.ts'
import { objectsOf } from '../script/objects.ts'
import { audit, toTarget } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import { repairObjects } from './repair.ts'
import { sameContent } from './same-content.ts'
import { type Candidate, fenceOf, type SurveyContext } from './survey.ts'

/** Objects that are taken at once. */
const OBJECTS_A_SCRIPT = 500

/**
 * Takes ownership of what is right already: marks it on the server and notes it as applied. Nothing else changes there.
 * Answers how many were taken; what was placed meanwhile is left to its operation.
 * @throws OrchestraError ORC_INSPECTION_FAILED
 */
export async function adopt(
  context: SurveyContext,
  right: readonly Candidate[],
  by: string,
): Promise<number> {
  let taken = 0
  for (const portion of portionsOf(right)) {
    const marked = await mark(context, portion)
    taken += await context.store.transaction((tx) => place(tx, context, marked, by))
  }
  return taken
}

function portionsOf<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / OBJECTS_A_SCRIPT)
  return Array.from({ length: count }, (_, at) =>
    items.slice(at * OBJECTS_A_SCRIPT, (at + 1) * OBJECTS_A_SCRIPT),
  )
}

/**
 * Takes ownership of what all objects of a backend share: its own files and directories. What waits for that goes on.
 * @throws OrchestraError ORC_INSPECTION_FAILED
 */
export async function adoptShared(context: SurveyContext, by: string): Promise<void> {
  const { store, server, backend } = context
  if (!(await isUsed(context))) return
  await mark(context, [], sharedOf(sharedRecordings(backend), 'adopts'))
  await store.transaction(async (tx) => {
    await audit(tx, { by, action: 'adopt.shared', target: server.name, detail: { backend: backend.name } })
    await tx.query(
      `update orchestra.operation o set due_at = '-infinity'
       where o.server_id = $1 and o.backend = $2 and ${foundState('o')} = 'waiting' and o.due_at > now()`,
      [server.id, backend.name],
    )
    await tx.query(`select pg_notify('orchestra_control', 'retry')`)
  })
}

/** Of a backend that has nothing to do on a server, nothing there is its own. */
async function isUsed({ store, server, backend }: SurveyContext): Promise<boolean> {
  const [row] = await store.query<{ used: boolean }>(
    `select exists (select from orchestra.placement where server_id = $1 and backend = $2)
       or exists (select from orchestra.operation where server_id = $1 and backend = $2 and state in ('waiting', 'running'))
       or exists (select from orchestra.route where server_id = $1 and backend = $2) as used`,
    [server.id, backend.name],
  )
  return row?.used === true
}

/** What a backend makes beside its objects; of what is written as a whole, what it writes without any. */
function sharedRecordings({ name, prepare, commit, sync }: Backend): Recording[] {
  return [
    ...(prepare === undefined ? [] : [record(`${name}: prepare`, (script) => prepare(script))]),
    ...(sync === undefined ? [] : [recordSync({ name, sync }, objectsOf<never>([]))]),
    ...(commit === undefined ? [] : [record(`${name}: commit`, (script) => commit(script))]),
  ]
}

/**
 * Takes ownership of what is different, and has its rows written there, as after a change. Answers the unit.
 * @throws OrchestraError ORC_INSPECTION_FAILED
 */
export async function overwrite(
  context: SurveyContext,
  different: readonly Candidate[],
  by: string,
): Promise<string> {
  const { store, server, backend } = context
  for (const portion of portionsOf(different)) await mark(context, portion)
  const unitId = randomUUID()
  const place = { backend: backend.name, serverId: server.id, unitId, actor: by, source: 'adopt' }
  const found = different.map(({ key }) => ({
    model: backend.model.name,
    objectKey: formatKey(key),
    keys: key,
    state: 'drifted' as const,
  }))
  await store.transaction(async (tx) => {
    await repairObjects(tx, place, found)
    await goOn(tx, context, different)
    await audit(tx, {
      by,
      action: 'adopt.overwrite',
      target: server.name,
      detail: { backend: backend.name, objects: found.length, unit: unitId },
    })
  })
  return unitId
}

/** A script that does nothing but mark; answers what was marked. */
async function mark(
  context: SurveyContext,
  candidates: readonly Candidate[],
  shared?: SharedOwnership,
): Promise<Candidate[]> {
  const { store, config, methods, server, backend, signal = new AbortController().signal } = context
  const runId = randomUUID()
  const rendered = renderScript({
    runId,
    backend: backend.name,
    server: server.name,
    fence: await fenceOf(store, server),
    // Nobody will ask what became of it.
    acknowledge: [runId],
    ...(shared === undefined ? {} : { shared }),
    operations: candidates.map(({ object, standing }, index) => ({
      index,
      label: `adopt ${object}`,
      action: 'adopt',
      recording: { kind: 'recorded', steps: [] },
      ownership: () => ({ rights: [{ kind: 'adopts', standing }], disown: [] }),
    })),
  })
  const marked: Candidate[] = []
  const hearing = new Hearing()
  let isWhole = false
  const parser = createOutputParser(rendered.token, (event) => {
    if (event.kind === 'output') hearing.take(event.bytes)
    if (event.kind === 'finished') isWhole = true
    if (event.kind !== 'result' || event.result.status !== 'ok') return
    const candidate = candidates[Number(event.result.index)]
    if (candidate !== undefined) marked.push(candidate)
  })
  const target = toTarget(server)
  const end = await methods.for(target).run(target, {
    runId,
    script: Buffer.from(rendered.text),
    interpreter: null,
    user: backend.user ?? null,
    timeouts: { ...config.worker.timeouts, ...backend.timeouts },
    signal,
    onStart: () => undefined,
    onOutput: (stream, bytes) => parser.push(stream, bytes),
  })
  parser.end()
  if (marked.length === candidates.length && isWhole) return marked
  throw new OrchestraError(
    'ORC_INSPECTION_FAILED',
    `${server.name}: ${candidates.length - marked.length} of ${candidates.length} objects could not be marked: ${whyNot(end, telling(hearing.heard()) ?? '')}`,
    { hint: 'What was taken before stays adopted; run it again' },
  )
}

function whyNot(end: JobEnd, said: string): string {
  const verdict = verdictOf(end, said)
  switch (verdict.kind) {
    case 'fenced':
      return 'the server has another owner by now'
    case 'cancelled':
      return 'it was cancelled'
    case 'ran':
      return said || verdict.reason
    default:
      return verdict.reason
  }
}

/** Locks the lane first, as a claim does: whether something runs there cannot change meanwhile. */
async function place(
  tx: Queryable,
  context: SurveyContext,
  candidates: readonly Candidate[],
  by: string,
): Promise<number> {
  const { store, server, backend } = context
  await tx.query('select from orchestra.lane where server_id = $1 for no key update', [server.id])
  const spared = await whatStands(tx, context, candidates.filter(isUnplaced))
  const rows = await tx.query(TAKE, [
    backend.name,
    server.id,
    backend.model.name,
    JSON.stringify(
      candidates.filter(isUnplaced).map(({ key, identity, loaded, recording }) => ({
        object_key: formatKey(key),
        keys: key,
        identity,
        snapshot: toSnapshot(loaded, store.keyring.for(backend.model.name, formatKey(key))),
        revision: revisionOf(recording, store.keyring),
        rendered: describeBriefly(recording),
      })),
    ),
    spared,
  ])
  const again = candidates.filter((one) => !isUnplaced(one))
  await goOn(tx, context, candidates)
  const objects = rows.length + again.length
  await audit(tx, { by, action: 'adopt', target: server.name, detail: { backend: backend.name, objects } })
  return objects
}

/** Operations that wait to write what stands there already. */
async function whatStands(
  tx: Queryable,
  { store, server, backend }: SurveyContext,
  candidates: readonly Candidate[],
): Promise<string[]> {
  const byKey = new Map(candidates.map((one) => [formatKey(one.key), one]))
  const waiting = await tx.query<{ id: string; object_key: string; identity: string; snapshot: unknown }>(
    `select o.id, o.object_key, o.identity, o.snapshot
     from jsonb_array_elements_text($4::jsonb) as t(object_key) join orchestra.operation o on ${isOfTaken('o')}
     where ${foundState('o')} = 'waiting' and o.action = 'save' for update of o`,
    [backend.name, server.id, backend.model.name, JSON.stringify([...byKey.keys()])],
  )
  return waiting.flatMap(({ id, object_key, identity, snapshot }) => {
    const one = byKey.get(object_key)
    const seal = store.keyring.for(backend.model.name, object_key)
    return one?.identity === identity && sameContent(snapshot, one.loaded, seal) ? [id] : []
  })
}

/** The others are marked again, and are placed as they were. */
function isUnplaced({ placed }: Candidate): boolean {
  return placed === 'no'
}

/** What was refused because it was not ours is tried at once. */
async function goOn(
  tx: Queryable,
  { server, backend }: SurveyContext,
  candidates: readonly Candidate[],
): Promise<void> {
  await tx.query(
    `update orchestra.operation o set due_at = '-infinity'
     from jsonb_array_elements_text($4::jsonb) as taken(object_key)
     where o.key_hash = md5(taken.object_key)::uuid and o.model = $3 and o.backend = $2 and o.server_id = $1
       and ${foundState('o')} = 'waiting' and o.due_at > now()`,
    [
      server.id,
      backend.name,
      backend.model.name,
      JSON.stringify(candidates.map(({ key }) => formatKey(key))),
    ],
  )
  await tx.query(`select pg_notify('orchestra_control', 'retry')`)
}

const isOfTaken = (alias: string) =>
  `${alias}.key_hash = md5(t.object_key)::uuid and ${alias}.model = $3 and ${alias}.backend = $1 and ${alias}.server_id = $2`

/**
 * What a worker touched meanwhile is its work. An operation that waits to write what stands there already has nothing to do any
 * more; one that waits with something else stays.
 */
const TAKE = `
with taken as materialized (
  select * from jsonb_to_recordset($4::jsonb) as t(object_key text, keys jsonb, identity text, snapshot jsonb,
    revision text, rendered jsonb)
  where not exists (select from orchestra.placement p where ${isOfTaken('p')}
      and (p.state not in ('pending', 'failed') or p.applied_at is not null or p.log_id is not null))
    and not exists (select from orchestra.operation o where ${isOfTaken('o')} and ${foundState('o')} = 'running')
), spared as (
  update orchestra.operation o set state = 'done', outcome = 'nothing', error = 'it stood there already, and was adopted',
    snapshot = null, ended_at = now()
  from taken t
  where ${isOfTaken('o')} and ${foundState('o')} = 'waiting' and o.id = any($5)
  returning o.id
), placed as (
  insert into orchestra.placement
    (backend, server_id, model, object_key, keys, identity, snapshot, state, revision, rendered, applied_at)
  select $1, $2, $3, object_key, keys, identity, snapshot,
    case when exists (select from orchestra.operation o where ${isOfTaken('o')} and ${foundState('o')} = 'waiting'
      and o.id not in (select id from spared)) then 'pending' else 'applied' end,
    revision, rendered, now()
  from taken t
  on conflict (key_hash, model, backend, server_id) do update set identity = excluded.identity,
    snapshot = excluded.snapshot, state = excluded.state, revision = excluded.revision, rendered = excluded.rendered,
    applied_at = excluded.applied_at
  returning object_key
)
select object_key, pg_notify('orchestra_settled', '') from placed`
