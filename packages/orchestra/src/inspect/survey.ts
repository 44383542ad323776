import {
  fromSnapshot,
  identityOf,
  type Loaded,
  loadObjects,
  type Placed,
  placementsOf,
} from '../collector/index.ts'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject, parseKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { OrchestraError } from '../errors.ts'
import type { Methods } from '../methods/index.ts'
import { type NamedObject, standingOf } from '../recording/ownership.ts'
import { createRouter, listRoutes, type Router } from '../router/index.ts'
import { type Recording, recordOperation, type Standing } from '../script/index.ts'
import { markOf } from '../script/inspect.ts'
import { type ServerRow, toTarget } from '../server/index.ts'
import { rowKeys, sourceOf } from '../source/index.ts'
import { type Store, storable } from '../store/index.ts'
import { ask, type Inspected } from './ask.ts'
import { examine, type Unanswered } from './examine.ts'
import { expectationOf } from './expect.ts'
import type { Difference } from './judge.ts'
import { presentOf } from './presence.ts'
import { askMarks, isIgnored, list } from './strays.ts'

/** Rows that are matched at once. */
const ROWS_A_LOOK = 1_000
/** Identities of one server that are held at once. */
const MOST_FOUND = 1_000_000
/** Things that no row stands for, about which the server is asked more. */
const MOST_READ = 50

export interface SurveyContext {
  store: Store
  config: Config
  methods: Methods
  server: ServerRow
  backend: Backend
  signal?: AbortSignal
}

/** A row that belongs on the server and that nothing was done for there yet, as it is shown. */
export interface SurveyedRow {
  /** `site:12`. */
  object: string
  identity: string
  differences: readonly Difference[]
  /** An operation that is to write it waits already. */
  waits: boolean
  /** It stands there by the store, and the server has lost its mark; or its row is gone, and it is to be removed. */
  placed: 'no' | 'unmarked' | 'removed'
}

/** One of which something is there. */
export interface Candidate extends SurveyedRow {
  key: Key
  loaded: Record<string, unknown>
  recording: Recording
  /** What is marked with it. */
  standing: Standing
}

type LoadedRow = Omit<Candidate, 'recording' | 'standing'> & {
  /** What stands, or would: of what is placed, as it was placed. */
  stands: NamedObject & { identity: string }
}

/** What a server has of a backend, beside what is placed there. */
export interface Survey {
  /** They are there already, as their rows say. */
  right: Candidate[]
  /** They are there and would be changed. */
  different: Candidate[]
  /** Rows of which nothing is there. */
  absent: SurveyedRow[]
  /** What no row stands for, with what the backend's `read` tells of the first of them. */
  unmatched: { identity: string; read: string | null }[]
}

/**
 * Matches what a server has with the rows that belong there and are not placed yet. Changes nothing anywhere.
 * @throws OrchestraError ORC_USAGE, ORC_SERVER_UNREACHABLE, ORC_INSPECTION_FAILED
 */
export async function survey(context: SurveyContext): Promise<Survey> {
  const { store, config, backend } = context
  const inspected = await inspectedOf(context)
  const found = await listAll(inspected)
  const router = createRouter(config.backends.values(), await listRoutes(store))
  const result: Survey = { right: [], different: [], absent: [], unmatched: [] }
  // Its objects have nothing of their own.
  if (backend.sync !== undefined) return result
  for (let after: Key | null = null; ; ) {
    const keys: Key[] = await rowKeys(sourceOf(store), backend.model, after, ROWS_A_LOOK)
    await match(inspected, await rowsOf(context, inspected, router, keys), found, result)
    const last = keys.at(-1)
    if (last === undefined || keys.length < ROWS_A_LOOK) break
    after = last
  }
  await match(inspected, await leftToRemove(context, inspected), found, result)
  result.unmatched = await unmatchedOf(context, inspected, found)
  return result
}

/** Sorts rows by what is there of them. */
async function match(
  inspected: Inspected,
  rows: readonly LoadedRow[],
  found: Set<string>,
  result: Survey,
): Promise<void> {
  if (rows.length === 0) return
  const standings = rows.map(({ stands }) => standingOf(inspected.backend, stands))
  const present = await presentOf(inspected, standings, found)
  if ('kind' in present) throw unanswered(inspected, present)
  const there = rows.flatMap((row, index) => {
    const standing = standings[index]
    return present[index] === true && standing !== undefined ? [{ ...row, standing }] : []
  })
  for (const { object, identity, differences, waits, placed } of rows.filter((_, index) => !present[index]))
    result.absent.push({ object, identity, differences, waits, placed })
  for (const candidate of await compared(inspected, there)) {
    found.delete(candidate.standing.identity ?? candidate.identity)
    // Of what goes, nobody asks how it is.
    if (candidate.differences.length === 0 || candidate.placed === 'removed') result.right.push(candidate)
    else result.different.push(candidate)
  }
}

/** What was placed, whose row is gone, and which cannot be removed because the server has lost its mark. */
async function leftToRemove(
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

/** With the fence of the lane's owner, so that looking is no taking over. */
async function inspectedOf(context: SurveyContext): Promise<Inspected> {
  const { store, config, methods, server, backend, signal = new AbortController().signal } = context
  if (backend.sync === undefined && backend.model.table === null) {
    throw new OrchestraError('ORC_USAGE', `Nothing of backend "${backend.name}" can be adopted`, {
      hint: 'Its model needs a table: what is there is matched with its rows',
    })
  }
  return { config, methods, target: toTarget(server), backend, fence: await fenceOf(store, server), signal }
}

/** The highest fence that was given out for a server. */
export async function fenceOf(store: Store, { id }: ServerRow): Promise<number> {
  const [lane] = await store.query<{ fence: number }>(
    'select fence from orchestra.lane where server_id = $1',
    [id],
  )
  return lane?.fence ?? 0
}

async function listAll(inspected: Inspected): Promise<Set<string>> {
  const found = new Set<string>()
  const onFound = (identity: string) => {
    if (found.size >= MOST_FOUND) throw tooMany(inspected)
    found.add(identity)
  }
  const end = await list(inspected, { onFound })
  if (end.kind !== 'listed') throw unanswered(inspected, end)
  return found
}

function tooMany({ target, backend }: Inspected): OrchestraError {
  return new OrchestraError(
    'ORC_ANSWER_TOO_LARGE',
    `${target.name} lists more than ${MOST_FOUND} of backend "${backend.name}"`,
    { hint: 'See what its `list` prints there' },
  )
}

/** Why a server could not be looked at. */
export function unanswered({ target }: Inspected, end: Unanswered): OrchestraError {
  switch (end.kind) {
    case 'blocked':
      return new OrchestraError('ORC_SERVER_UNREACHABLE', `${target.name}: ${end.reason}`)
    case 'broken':
      return new OrchestraError(
        'ORC_INSPECTION_FAILED',
        `${target.name} could not be looked at: ${end.reason}`,
      )
    case 'cancelled':
      return new OrchestraError('ORC_INSPECTION_FAILED', `Looking at ${target.name} was cancelled`)
    case 'fenced':
      return new OrchestraError('ORC_INSPECTION_FAILED', `${target.name} has another owner by now`, {
        hint: 'Try it again',
      })
  }
}

async function rowsOf(
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
function standsOf({ state, touched, hollow, awaitsData, unmarked }: Placed): 'no' | 'unmarked' | undefined {
  if (hollow || awaitsData || unmarked === true) return undefined
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

async function compared(
  inspected: Inspected,
  rows: readonly Omit<Candidate, 'recording'>[],
): Promise<Candidate[]> {
  if (rows.length === 0) return []
  const candidates = rows.map((row) => ({
    ...row,
    recording: recordOperation(inspected.backend, 'save', row.loaded as never, `save ${row.object}`),
  }))
  const examined = await examine(
    inspected,
    candidates.map(({ recording }) => expectationOf(recording)),
  )
  if (examined.kind !== 'examined') throw unanswered(inspected, examined)
  return candidates.map((candidate, index) => {
    const verdict = examined.verdicts[index]
    return verdict === undefined || verdict.state === 'in-sync'
      ? candidate
      : { ...candidate, differences: verdict.differences }
  })
}

async function unmatchedOf(
  { store, server, backend }: SurveyContext,
  inspected: Inspected,
  found: ReadonlySet<string>,
): Promise<Survey['unmatched']> {
  const rows = await store.query<{ identity: string }>(
    `select jsonb_array_elements_text($3::jsonb) as identity
     except select identity from orchestra.placement where server_id = $1 and backend = $2 order by identity`,
    [
      server.id,
      backend.name,
      JSON.stringify([...found].filter((identity) => !isIgnored(backend, identity)).map(storable)),
    ],
  )
  const texts = await readSome(
    inspected,
    rows.slice(0, MOST_READ).map(({ identity }) => identity),
  )
  return rows.map(({ identity }) => ({ identity, read: texts.get(identity) ?? null }))
}

async function readSome(inspected: Inspected, identities: readonly string[]): Promise<Map<string, string>> {
  const { read } = inspected.backend
  if (read === undefined || identities.length === 0) return new Map()
  const commands = identities.map((identity) => read(identity).rendered)
  const reply = await ask(inspected, { reads: commands })
  if (reply.kind !== 'answered') throw unanswered(inspected, reply)
  return new Map(identities.map((identity, index) => [identity, reply.answers.reads.get(index) ?? '']))
}

/** Candidates by the objects that somebody named; all without names. */
export function named(candidates: readonly Candidate[], objects: readonly string[]): Candidate[] {
  if (objects.length === 0) return [...candidates]
  const wanted = new Set(objects)
  return candidates.filter(({ object, key }) => wanted.has(object) || wanted.has(formatKey(key)))
}
