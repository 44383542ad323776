import {
  fromSnapshot,
  identityOf,
  type Loaded,
  loadObjects,
  type Placed,
  placementsOf,
} from '../collector/index.ts'
import type { Backend } from '../config/backend.ts'
import { formatObject, parseKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import type { Router } from '../router/index.ts'
import { markOf } from '../script/inspect.ts'
import { sourceOf } from '../source/index.ts'
import type { Inspected } from './ask.ts'
import { askMarks } from './strays.ts'
import type { LoadedRow, SurveyContext } from './surveyed.ts'
import { unanswered } from './unanswered.ts'

/** Rows that belong on the server and can be taken over there. */
export async function rowsOf(
  { store, server, backend }: SurveyContext,
  inspected: Inspected,
  router: Router,
  keys: readonly Key[],
): Promise<LoadedRow[]> {
  const { model } = backend
  const loaded = await loadObjects(model, keys, sourceOf(store))
  const placed = await placementsOf(
    store,
    keys.map((key) => ({ model: model.name, key })),
  )
  const placeOf = (key: string) =>
    placed
      .get(`${model.name}:${key}`)
      ?.find((one) => one.backend === backend.name && one.serverId === server.id)
  const rows = [...loaded].flatMap(([key, state]) => {
    const place = placeOf(key)
    const placed = place === undefined ? 'no' : standsOf(place)
    if (state.kind !== 'present' || placed === undefined) return []
    const { serverIds } = router.route(backend.name, state.object)
    if (!serverIds.includes(server.id)) return []
    const row = rowOf(backend, parseKey(key), state)
    if (place === undefined) return [row]
    const waits = place.state !== 'applied'
    if (placed === 'no' || place.snapshot === null) return [{ ...row, waits, placed }]
    const object = fromSnapshot(place.snapshot, store.keyring.for(model.name, key)) as Record<string, unknown>
    return [{ ...row, waits, placed, stands: { identity: place.identity, object } }]
  })
  return withoutMark(inspected, rows)
}

/** What data is on its way to is no place to take over, nor is what the server trusts anyway. */
function standsOf({ state, touched, hollow, unmarked }: Placed): 'no' | 'unmarked' | undefined {
  if (hollow || unmarked) return undefined
  if (!touched) return state === 'pending' || state === 'failed' ? 'no' : undefined
  return state === 'deleting' || state === 'kept' ? undefined : 'unmarked'
}

function rowOf(
  backend: Backend,
  key: Key,
  { object: loaded }: Extract<Loaded, { kind: 'present' }>,
): LoadedRow {
  const identity = identityOf(backend, key, loaded)
  return {
    object: formatObject(backend.model.name, key),
    key,
    identity,
    loaded,
    stands: { identity, object: loaded },
    differences: [],
    waits: false,
    placed: 'no',
  }
}

/** What was placed, whose row is gone, and which cannot be removed because the server has lost its mark. */
export async function leftToRemove(
  { store, server, backend }: SurveyContext,
  inspected: Inspected,
): Promise<LoadedRow[]> {
  const rows = await store.query<{ object_key: string; keys: Key; identity: string; snapshot: unknown }>(
    `select object_key, keys, identity, snapshot from orchestra.placement
     where server_id = $1 and backend = $2 and state = 'deleting' and snapshot <> 'null' and not unmarked
       and (applied_at is not null or log_id is not null) order by object_key`,
    [server.id, backend.name],
  )
  const left = rows.map(({ object_key: name, keys: key, identity, snapshot }): LoadedRow => {
    const loaded = fromSnapshot(snapshot, store.keyring.for(backend.model.name, name)) as Record<
      string,
      unknown
    >
    const object = formatObject(backend.model.name, key)
    const stands = { identity, object: loaded }
    return { object, key, identity, loaded, stands, differences: [], waits: true, placed: 'removed' }
  })
  return withoutMark(inspected, left)
}

async function withoutMark(inspected: Inspected, rows: readonly LoadedRow[]): Promise<LoadedRow[]> {
  const asked = rows.filter(({ placed }) => placed !== 'no')
  if (asked.length === 0) return [...rows]
  const marks = await askMarks(
    inspected,
    asked.map(({ stands }) => stands.identity),
  )
  if ('kind' in marks) throw unanswered(inspected, marks)
  return rows.filter(({ placed, stands }) => placed === 'no' || !marks.has(markOf(stands.identity)))
}
