import type { Key } from '../config/model.ts'
import { type Change, changesIn } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'
import { revoke } from './tickets.ts'

/** Objects that are in memory together. */
const PAGE = 20_000

/** Every row of a model's table, or of a table that belongs to it, is gone: a trigger names none of them, since it reads none. */
export function isTruncation({ action }: Pick<Change, 'action'>): boolean {
  return action === 'truncate'
}

/**
 * Makes truncations changes of the objects that they may have taken away, for their own units. What somebody has read before and not
 * written yet stands nowhere, and would be missed: it is decided once more.
 */
export async function spreadTruncations(tx: Queryable): Promise<void> {
  await changesIn(tx).spread(async function* (model) {
    await revoke(tx, [model])
    yield* knownObjects(tx, model)
  })
}

async function allKnown(db: Queryable, model: string): Promise<Key[]> {
  const all: Key[] = []
  for await (const page of knownObjects(db, model)) for (const key of page) all.push(key)
  return all
}

/** What a truncated table may have held: objects that stand somewhere, or that something waits for. */
async function* knownObjects(db: Queryable, model: string): AsyncGenerator<Key[]> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const page = await db.query<{ hash: string; keys: Key }>(KNOWN, [model, after])
    const last = page.at(-1)
    if (last === undefined) return
    yield page.map(({ keys }) => keys)
    if (page.length < PAGE) return
    after = last.hash
  }
}

const KNOWN = `
(
  select distinct on (key_hash) key_hash as hash, keys from orchestra.placement
  where model = $1 and key_hash > $2::uuid order by key_hash limit ${PAGE}
)
union
(
  select distinct on (key_hash) key_hash, keys from orchestra.operation
  where state = 'waiting' and model = $1 and key_hash > $2::uuid order by key_hash limit ${PAGE}
)
order by hash limit ${PAGE}`

/** The same without writing anything. */
export async function withTruncated<Some extends Change>(
  db: Queryable,
  changes: readonly Some[],
): Promise<Some[]> {
  const known = new Map<string, Key[]>()
  for (const { model } of changes.filter(isTruncation))
    if (!known.has(model)) known.set(model, await allKnown(db, model))
  return changes.map((change) =>
    isTruncation(change) ? { ...change, action: 'save', keys: known.get(change.model) ?? [] } : change,
  )
}
