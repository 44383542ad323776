import { randomUUID } from 'node:crypto'
import type { Backend } from '../config/backend.ts'
import { formatKey } from '../config/key.ts'
import { foundState } from '../operations/found-state.ts'
import { lockPlacesWhere } from '../places/index.ts'
import { sharedOf } from '../recording/ownership.ts'
import { type Recording, record, recordSync } from '../script/index.ts'
import { objectsOf } from '../script/objects.ts'
import { audit } from '../server/index.ts'
import { mark } from './mark.ts'
import { repairObjects } from './repair.ts'
import type { Candidate, SurveyContext } from './surveyed.ts'
import { goOn, take } from './take.ts'

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
    taken += await context.store.transaction((tx) => take(tx, context, marked, by))
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
    await lockPlacesWhere(tx, 'p.server_id = $1 and p.backend = $2 and p.open', [server.id, backend.name])
    await tx.query(
      `with hastened as (
         update orchestra.placement set due_at = '-infinity', wait = null
         where server_id = $1 and backend = $2 and open and due_at > now()
       )
       update orchestra.operation o set due_at = '-infinity'
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
