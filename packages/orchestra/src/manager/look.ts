import type { Backend } from '../config/backend.ts'
import { askOwners } from '../inspect/index.ts'
import { persist } from '../logs/persist.ts'
import {
  begin,
  crown,
  end,
  lockPlaces,
  namesFound,
  type Place,
  type PlaceRow,
  placesNamed,
  removePlaces,
  renamed,
  rulesOf,
  type Stored,
  toRow,
  type Whose,
  wakeWaiting,
  writePlaces,
} from '../places/index.ts'
import { usesCalls } from '../recording/calls.ts'
import { recordOne } from '../recording/scripts.ts'
import { markOf } from '../script/inspect.ts'
import { isOwned, toTarget } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import { type Look, WAIT_FOR_OTHERS } from './choose.ts'
import type { Claim } from './claim.ts'
import type { RunContext, RunEnd } from './run-context.ts'

/** What a server says of the names that its places may have; null where it gave no answer. */
type Answer = ((look: Look, identity: string) => Whose) | null

/** Asks a server whose the names are that several of its places may have, and writes it down, before anything else is done there. */
export async function lookForNames(context: RunContext, claim: Claim): Promise<RunEnd> {
  for (const [name, looks] of Map.groupBy(claim.looks, ({ row }) => row.backend)) {
    const backend = context.config.backends.get(name)
    const answer = await askFor(context, claim, backend, looks)
    if (answer !== null && 'kind' in answer) return answer
    const isOurs = await persist(context.signal, () => settleLooks(context, claim, backend, looks, answer))
    if (!isOurs) return { kind: 'lost-lane' }
  }
  return { kind: 'stopped' }
}

async function askFor(
  context: RunContext,
  claim: Claim,
  backend: Backend | undefined,
  looks: readonly Look[],
): Promise<Answer | RunEnd> {
  const { config, methods, store, signal } = context
  const target = toTarget(claim.server)
  if (backend === undefined || target.method === 'function') return () => 'unknown'
  const noting = { store, serverId: claim.server.id }
  const inspected = { config, methods, target, backend, fence: claim.fence, signal, noting }
  const owners = await askOwners(inspected, [...new Set(looks.flatMap(({ names }) => names))])
  if (!('kind' in owners)) {
    const unmarked = await leavingNoMarks(context, backend, looks)
    return (look, identity) => whoseIs(look, identity, owners, unmarked)
  }
  switch (owners.kind) {
    case 'blocked':
      return { kind: 'blocked', reason: owners.reason }
    case 'fenced':
      return { kind: 'lost-lane' }
    case 'cancelled':
      return { kind: 'stopped' }
    case 'broken':
      return null
  }
}

/** A mark is written before anything is made; but not of what stands since before everything was marked. */
function whoseIs(
  { row }: Look,
  identity: string,
  owners: ReadonlyMap<string, string | null>,
  unmarked: ReadonlySet<PlaceRow>,
): Whose {
  const owner = owners.get(markOf(identity))
  if (owner === null || unmarked.has(row)) return 'unknown'
  if (owner !== undefined) return owner === markOf(`${row.model}:${row.object_key}`) ? 'own' : 'other'
  const isOld =
    identity === row.identity
      ? row.unmarked
      : row.names.some((name) => name.identity === identity && name.unmarked)
  return isOld ? 'unknown' : 'none'
}

/** Functions that run here leave no mark on a server. */
async function leavingNoMarks(
  { store }: RunContext,
  backend: Backend,
  looks: readonly Look[],
): Promise<Set<PlaceRow>> {
  const snapshots = await store.query<{ id: number; snapshot: unknown }>(
    'select id, snapshot from orchestra.operation where id = any($1::bigint[]) and snapshot is not null',
    [looks.map(({ row }) => row.operation_id)],
  )
  const found = looks.filter(({ row }) => {
    const operation = snapshots.find(({ id }) => id === row.operation_id)
    if (operation === undefined) return false
    const { model, object_key, keys } = row
    const scripted = {
      ...operation,
      backend: backend.name,
      action: 'save',
      model,
      object_key,
      keys,
      identity: null,
      previous: [],
    }
    return usesCalls([recordOne(backend, scripted, 0, store.keyring)])
  })
  return new Set(found.map(({ row }) => row))
}

async function settleLooks(
  { store }: RunContext,
  claim: Claim,
  backend: Backend | undefined,
  looks: readonly Look[],
  answer: Answer,
): Promise<boolean> {
  return store.transaction(async (tx) => {
    if (!(await isOwned(tx, claim))) return false
    const isMoving = backend?.onMove === 'migrate'
    const rows = looks.map(({ row }) => row)
    const stored = await lockPlaces(tx, rows, 'lock', isMoving ? null : claim.server.id)
    for (const one of stored.filter(({ row }) => row.server_id === claim.server.id)) {
      const look = looks.find(
        ({ row }) => row.object_key === one.row.object_key && row.model === one.row.model,
      )
      if (look === undefined || one.place.trying !== null) continue
      if (answer === null) await postpone(tx, one)
      else await settleLook(tx, one, look, backend, (identity) => answer(look, identity))
    }
    if (isMoving && answer !== null) await crown(tx, rows)
    return true
  })
}

async function postpone(tx: Queryable, { row, place }: Stored): Promise<void> {
  const until = Date.now() + WAIT_FOR_OTHERS
  await writePlaces(tx, [
    { row: toRow({ row, place: { ...place, due: until } }), wait: { kind: 'time', until } },
  ])
}

/** One after the other: where nobody tells whose a name is, the last of those who may have it keeps it. */
async function settleLook(
  tx: Queryable,
  { row, place }: Stored,
  look: Look,
  backend: Backend | undefined,
  whose: (identity: string) => Whose,
): Promise<void> {
  const names = look.names.filter((name) =>
    place.names.some(({ identity, state }) => identity === name && state === 'maybe'),
  )
  const named = await placesNamed(tx, { backend: row.backend, serverId: row.server_id }, names)
  const rivals = named.map((one) => one.place).filter(({ object }) => object !== place.object)
  const after = seen(place, names, namesFound(names, { rivals }, whose), backend)
  if (after === null) await removePlaces(tx, [row])
  else
    await writePlaces(tx, [
      { row: { ...toRow({ row: renamed(row, after), place: after }), due: Number.NEGATIVE_INFINITY } },
    ])
  await wakeWaiting(tx, { objects: [row], names: [row] })
}

/** A run that begins and ends at once, as a look changes nothing. Null where nothing is left of the place. */
function seen(
  place: Place,
  names: readonly string[],
  found: readonly string[],
  backend: Backend | undefined,
): Place | null {
  const looking = begin(place, { do: 'look', names }, 0)
  return end(looking, 0, { kind: 'done', found }, rulesOf(backend), place.due)[0] ?? null
}
