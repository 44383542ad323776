import type { Config } from '../config/config.ts'
import { type Answer, answersFor } from '../manager/index.ts'
import { PLACE_COLUMNS, type PlaceRow, type Stored, toStored } from '../places/index.ts'
import type { Queryable } from '../store/index.ts'
import type { WaitFacts } from './waiting.ts'

/** What it takes to ask what comes next in a place. Without it, what its lane was answered last is told. */
export interface Knowing {
  config: Pick<Config, 'backends'>
}

/** Places that are asked together. */
const PORTION = 1_000

/** What keeps operations waiting, as it is answered now, by their ids. */
export async function askedAnew(
  db: Queryable,
  ids: readonly number[],
  knowing: Knowing,
): Promise<Map<number, Partial<WaitFacts>>> {
  const facts = new Map<number, Partial<WaitFacts>>()
  for (let at = 0; at < ids.length; at += PORTION)
    for (const answer of await answersTo(db, ids.slice(at, at + PORTION), knowing))
      facts.set(answer.stored.row.operation_id ?? 0, factsOf(answer))
  if (facts.size > 0) await nameServers(db, facts)
  return facts
}

async function answersTo(db: Queryable, ids: readonly number[], { config }: Knowing): Promise<Answer[]> {
  // Whose backend is not known here, its rules are not either.
  const rows = await db.query<PlaceRow & { refused: boolean }>(PLACES, [ids, [...config.backends.keys()]])
  return answersFor(db, rows.map(asFound), { config, now: Date.now() })
}

/** What a backend protects by what an object is, its lane has found: looking into objects takes the key. */
function asFound({ refused, ...row }: PlaceRow & { refused: boolean }): Stored {
  const stored = toStored(row)
  return refused ? { row, place: { ...stored.place, isProtected: true } } : stored
}

const PLACES = `
select ${PLACE_COLUMNS}, coalesce(p.wait ->> 'kind' = 'protection', false) as refused from orchestra.operation o
join orchestra.placement p on p.key_hash = o.key_hash and p.model = o.model and p.backend = o.backend
  and p.server_id = o.server_id and p.operation_id = o.id
where o.id = any($1::bigint[]) and o.state = 'waiting' and p.backend = any($2::text[])`

function factsOf({ next, chain }: Answer): Partial<WaitFacts> {
  const wait = next.do === 'wait' ? next.for : null
  const until = wait?.kind === 'time' ? { nextTry: new Date(wait.until).toISOString() } : {}
  return { wait, chain, isTried: next.do === 'ask', ...until }
}

async function nameServers(db: Queryable, facts: ReadonlyMap<number, Partial<WaitFacts>>): Promise<void> {
  const servers = await db.query<{ id: number; name: string }>('select id, name from orchestra.server')
  const names = new Map(servers.map(({ id, name }) => [id, name]))
  for (const one of facts.values()) {
    const { wait } = one
    if (wait?.kind === 'place' || wait?.kind === 'data')
      one.waitServer = names.get(Number(wait.server)) ?? null
  }
}
