import { formatKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { OrchestraError } from '../errors.ts'
import { standingOf } from '../recording/ownership.ts'
import { createRouter, listRoutes } from '../router/index.ts'
import { recordOperation } from '../script/index.ts'
import { toTarget } from '../server/index.ts'
import { sourceOf } from '../source/index.ts'
import { storable } from '../store/index.ts'
import { ask, type Inspected } from './ask.ts'
import { examine } from './examine.ts'
import { expectationOf } from './expect.ts'
import { presentOf } from './presence.ts'
import { isIgnored, list } from './strays.ts'
import { leftToRemove, rowsOf } from './survey-rows.ts'
import { type Candidate, fenceOf, type LoadedRow, type SurveyContext, type SurveyedRow } from './surveyed.ts'
import { unanswered } from './unanswered.ts'

/** Rows that are matched at once. */
const ROWS_A_LOOK = 1_000
/** Identities of one server that are held at once. */
const MOST_FOUND = 1_000_000
/** Things that no row stands for, about which the server is asked more. */
const MOST_READ = 50

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
    const keys: Key[] = await sourceOf(store).keysAfter(backend.model, after, ROWS_A_LOOK)
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
