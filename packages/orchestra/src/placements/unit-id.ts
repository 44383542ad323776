import { OrchestraError } from '../errors.ts'
import { changesIn } from '../source/index.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'

/** Characters that a unit is shown by, as long as they tell it from the others. */
const SHORT = 8
/** Fewer name too many. */
const SHORTEST = 4
const MOST_NAMED = 10

/** Whether a text can be the beginning of a unit's id. */
export function isUnitId(text: string): boolean {
  const digits = text.replaceAll('-', '')
  return /^[0-9a-f-]+$/i.test(text) && digits.length >= SHORTEST && digits.length <= 32
}

/**
 * The unit of work whose id begins so, among those that somebody may see.
 * @throws OrchestraError ORC_UNIT_UNKNOWN, ORC_UNIT_AMBIGUOUS naming those it may be
 */
export async function resolveUnit(store: Queryable, text: string, visible?: Narrowing): Promise<string> {
  const ids = isUnitId(text) ? await unitsFrom(store, text, visible) : []
  const [id, other] = ids
  if (id === undefined) throw unknownUnit(text)
  if (other === undefined) return id
  const names = ids.slice(0, MOST_NAMED).join(', ')
  throw new OrchestraError(
    'ORC_UNIT_AMBIGUOUS',
    `${JSON.stringify(text)} begins the ids of several units of work: ${names}${ids.length > MOST_NAMED ? ' and others' : ''}`,
    { hint: 'Give more of it' },
  )
}

async function unitsFrom(store: Queryable, text: string, visible: Narrowing | undefined): Promise<string[]> {
  const digits = text.replaceAll('-', '').toLowerCase()
  const [first, last] = [digits.padEnd(32, '0'), digits.padEnd(32, 'f')]
  const values: unknown[] = [first, last]
  const seen = narrowed(visible, 'unit', 'unit', values)
  // Of what is not collected nobody can tell where it belongs.
  const waiting =
    visible === undefined ? await changesIn(store).unitsBetween(first, last, MOST_NAMED + 1) : []
  const known = await store.query<{ id: string }>(
    `select id from orchestra.unit where id between $1::uuid and $2::uuid and ${seen} order by id limit ${MOST_NAMED + 1}`,
    values,
  )
  return [...new Set([...waiting, ...known.map(({ id }) => id)])].sort().slice(0, MOST_NAMED + 1)
}

export function unknownUnit(text: string): OrchestraError {
  return new OrchestraError(
    'ORC_UNIT_UNKNOWN',
    `No change was recorded under the unit of work ${JSON.stringify(text)}`,
    {
      hint: 'A unit is known from its commit on, where it changed a row that is watched, through a wrapped pool; `orchestra unit list` shows the latest',
    },
  )
}

/** What is enough of an id to tell it from some others. */
export function shortUnit(id: string, others: Iterable<string> = []): string {
  let length = SHORT
  for (const other of others)
    while (other !== id && length < id.length && other.startsWith(id.slice(0, length))) length++
  return id.slice(0, length).replace(/-$/, '')
}
