import type { Backend } from '../config/backend.ts'
import { markOf } from '../script/inspect.ts'
import { type Queryable, storable } from '../store/index.ts'
import { ask, type Inspected } from './ask.ts'
import type { Unanswered } from './examine.ts'

/** Identities that are compared with the placements at once. */
const IDENTITIES_A_LOOK = 20_000
/** Strays of one server that are held at once; what is beyond is counted. */
const MOST_STRAYS = 10_000
const MARKS_A_LOOK = 2_000

/** What a server has that nothing stands for, by whether it is marked as ours. */
export interface Strays {
  kind: 'found'
  unowned: readonly string[]
  orphaned: readonly string[]
  /** Strays beyond the bound, of which nothing more is known. */
  uncounted: number
}

/** Lists everything of a backend on a server and keeps what no placement stands for. */
export async function findStrays(
  db: Queryable,
  inspected: Inspected,
  serverId: number,
): Promise<Strays | Unanswered> {
  const listed = await listStrays(db, inspected, serverId)
  if (!('candidates' in listed)) return listed
  const { candidates, uncounted } = listed
  const marks = await askMarks(inspected, candidates)
  if ('kind' in marks) return marks
  const isOurs = (identity: string) => marks.has(markOf(identity))
  return {
    kind: 'found',
    unowned: candidates.filter((identity) => !isOurs(identity)),
    orphaned: candidates.filter(isOurs),
    uncounted,
  }
}

/** Reads a list in portions, so that it may be of any length. */
async function listStrays(
  db: Queryable,
  inspected: Inspected,
  serverId: number,
): Promise<{ candidates: string[]; uncounted: number } | Unanswered> {
  const { backend } = inspected
  const candidates = new Set<string>()
  let uncounted = 0
  let portion: string[] = []
  const sift = async () => {
    const listed = portion
    portion = []
    for (const identity of await withoutPlacement(db, serverId, backend.name, listed)) {
      if (isIgnored(backend, identity)) continue
      if (candidates.size < MOST_STRAYS) candidates.add(identity)
      else uncounted += 1
    }
  }
  const end = await list(inspected, {
    onFound: (identity) => portion.push(identity),
    room: () => (portion.length < IDENTITIES_A_LOOK ? undefined : sift()),
  })
  if (end.kind !== 'listed') return end
  await sift()
  return { candidates: [...candidates], uncounted }
}

/** Runs the backend's `list`. A list that fails is no empty list. */
export async function list(
  inspected: Inspected,
  listing: Parameters<typeof ask>[2],
): Promise<{ kind: 'listed' } | Unanswered> {
  const command = inspected.backend.list?.rendered
  if (command === undefined) return { kind: 'listed' }
  const reply = await ask(inspected, { list: command }, listing)
  if (reply.kind !== 'answered') return reply
  const { listed } = reply.answers
  if (listed === 0) return { kind: 'listed' }
  const said = command.secrets.length > 0 || reply.said === '' ? '' : `: ${reply.said}`
  return { kind: 'broken', reason: `its list failed with status ${listed}${said}` }
}

/** Which of these identities are marked as ours. */
export async function askMarks(
  inspected: Inspected,
  identities: readonly string[],
): Promise<ReadonlySet<string> | Unanswered> {
  const marks = new Set<string>()
  for (let at = 0; at < identities.length; at += MARKS_A_LOOK) {
    const reply = await ask(inspected, { marks: identities.slice(at, at + MARKS_A_LOOK).map(markOf) })
    if (reply.kind !== 'answered') return reply
    for (const mark of reply.answers.marks) marks.add(mark)
  }
  return marks
}

/** Of which objects these identities are, by marks of both; null where a mark does not tell. What has no mark is not among them. */
export async function askOwners(
  inspected: Inspected,
  identities: readonly string[],
): Promise<ReadonlyMap<string, string | null> | Unanswered> {
  const owners = new Map<string, string | null>()
  for (let at = 0; at < identities.length; at += MARKS_A_LOOK) {
    const reply = await ask(inspected, { owners: identities.slice(at, at + MARKS_A_LOOK).map(markOf) })
    if (reply.kind !== 'answered') return reply
    for (const [mark, owner] of reply.answers.owners) owners.set(mark, owner)
  }
  return owners
}

/** What the backend's ignore rules hide. */
export function isIgnored({ ignore }: Backend, identity: string): boolean {
  return (ignore?.found ?? []).some((rule) => identity.search(rule) !== -1)
}

/** Set operations, so that no planner looks through all placements once for each identity. */
async function withoutPlacement(
  db: Queryable,
  serverId: number,
  backend: string,
  identities: readonly string[],
): Promise<string[]> {
  if (identities.length === 0) return []
  const rows = await db.query<{ identity: string }>(
    `select jsonb_array_elements_text($3::jsonb) as identity
     except select identity from orchestra.placement where server_id = $1 and backend = $2
     except select n.one ->> 'identity' from orchestra.placement, jsonb_array_elements(names) as n(one)
       where server_id = $1 and backend = $2 and other_names
     order by identity`,
    [serverId, backend, JSON.stringify(identities.map(storable))],
  )
  return rows.map(({ identity }) => identity)
}
