import { identityOf, type Loaded, loadObjects, type Placed, placementsOf } from '../collector/index.ts'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject, parseKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { OrchestraError } from '../errors.ts'
import type { Methods } from '../methods/index.ts'
import { createRouter, listRoutes, type Router } from '../router/index.ts'
import { type Recording, recordOperation } from '../script/index.ts'
import { type ServerRow, toTarget } from '../server/index.ts'
import { rowKeys, sourceOf } from '../source/index.ts'
import { type Store, storable } from '../store/index.ts'
import { ask, type Inspected } from './ask.ts'
import { examine, type Unanswered } from './examine.ts'
import { expectationOf } from './expect.ts'
import type { Difference } from './judge.ts'
import { isIgnored, list } from './strays.ts'

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
}

/** One of which something is there. */
export interface Candidate extends SurveyedRow {
  key: Key
  loaded: Record<string, unknown>
  recording: Recording
}

type LoadedRow = Omit<Candidate, 'recording'>

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
  for (let after: Key | null = null; ; ) {
    const keys: Key[] = await rowKeys(sourceOf(store), backend.model, after, ROWS_A_LOOK)
    const rows = await rowsOf(context, router, keys)
    const there = rows.filter(({ identity }) => found.has(identity))
    for (const { object, identity, differences, waits } of rows)
      if (!found.has(identity)) result.absent.push({ object, identity, differences, waits })
    for (const candidate of await compared(inspected, there)) {
      found.delete(candidate.identity)
      if (candidate.differences.length === 0) result.right.push(candidate)
      else result.different.push(candidate)
    }
    const last = keys.at(-1)
    if (last === undefined || keys.length < ROWS_A_LOOK) break
    after = last
  }
  result.unmatched = await unmatchedOf(context, inspected, found)
  return result
}

/** With the fence of the lane's owner, so that looking is no taking over. */
async function inspectedOf(context: SurveyContext): Promise<Inspected> {
  const { store, config, methods, server, backend, signal = new AbortController().signal } = context
  if (backend.list === undefined || backend.model.table === null) {
    throw new OrchestraError('ORC_USAGE', `Nothing of backend "${backend.name}" can be adopted`, {
      hint: 'Give it `list`, which prints the identities that a server has, and a model with a table',
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
  return [...loaded].flatMap(([key, state]) => {
    const place = placeOf(key)
    if (state.kind !== 'present' || (place !== undefined && !isUntouched(place))) return []
    const { serverIds } = router.route(backend.name, state.object)
    if (!serverIds.includes(server.id)) return []
    return [rowOf(backend, parseKey(key), state, place !== undefined)]
  })
}

/** An operation is to write it, and none ever tried. What data is on its way to is no place to take over. */
function isUntouched({ state, touched, hollow, awaitsData }: Placed): boolean {
  return state === 'pending' && !touched && !hollow && !awaitsData
}

function rowOf(
  backend: Backend,
  key: Key,
  { object: loaded }: Extract<Loaded, { kind: 'present' }>,
  waits: boolean,
): LoadedRow {
  return {
    object: formatObject(backend.model.name, key),
    key,
    identity: identityOf(backend, key, loaded),
    loaded,
    differences: [],
    waits,
  }
}

async function compared(inspected: Inspected, rows: readonly LoadedRow[]): Promise<Candidate[]> {
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
