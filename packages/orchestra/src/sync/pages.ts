import { formatKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { afterRows, type Cursor, type PlacedPosition } from '../request/cursor.ts'
import type { Selection } from '../request/selection.ts'
import type { Rows } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'

/** Keys of one page: bounds the memory of a comparison, and how long a change waits behind it. */
export const PAGE_SIZE = 2_000

export interface NamedKey {
  model: string
  key: Key
}

/** Objects to look at, and where the next page begins; null after the last. */
export interface Page {
  objects: readonly NamedKey[]
  /** Keys that the page took, looked at or not. */
  seen: number
  next: Cursor | null
}

export interface PageContext {
  /** Where the placements are. */
  db: Queryable
  /** The application's tables. */
  source: Rows
  selection: Selection
}

/** The page that begins at a cursor. */
export async function readPage(
  cursor: Exclude<Cursor, { pass: 'removals' }>,
  context: PageContext,
): Promise<Page> {
  switch (cursor.pass) {
    case 'object': {
      const { object } = context.selection
      return { objects: object === null ? [] : [object], seen: 1, next: null }
    }
    case 'rows':
      return rowsPage(cursor.model, cursor.after, context)
    case 'placed':
      return placedPage(cursor.after, context)
  }
}

async function rowsPage(name: string, after: Key | null, context: PageContext): Promise<Page> {
  const { selection, source } = context
  const model = selection.models.find((one) => one.name === name)
  const keys = model === undefined ? [] : await source.keysAfter(model, after, PAGE_SIZE)
  const last = keys.at(-1)
  const isLast = last === undefined || keys.length < PAGE_SIZE
  return {
    objects: keys.map((key) => ({ model: name, key })),
    seen: keys.length,
    next: isLast ? afterRows(selection, name) : { pass: 'rows', model: name, after: last },
  }
}

interface PlacedKey extends PlacedPosition {
  keys: Key
}

async function placedPage(after: PlacedPosition | null, context: PageContext): Promise<Page> {
  const { selection, db } = context
  if (selection.models.length === 0) return { objects: [], seen: 0, next: null }
  const placed = await db.query<PlacedKey>(PLACED, [
    after?.hash ?? '00000000-0000-0000-0000-000000000000',
    after?.model ?? '',
    selection.serverId,
    selection.backend,
    selection.models.map((model) => model.name),
  ])
  const last = placed.at(-1)
  const objects = await withoutRows(placed, context)
  return {
    objects,
    seen: objects.length,
    next:
      last === undefined || placed.length < PAGE_SIZE
        ? null
        : { pass: 'placed', after: { hash: last.hash, model: last.model } },
  }
}

const PLACED = `
select distinct on (key_hash, model) key_hash as hash, model, keys from orchestra.placement
where (key_hash, model) > ($1::uuid, $2::text) and ($3::int is null or server_id = $3)
  and ($4::text is null or backend = $4) and model = any($5::text[])
order by key_hash, model limit ${PAGE_SIZE}`

/** Rows that exist were looked at when their table was, however the text of their keys is written today. */
async function withoutRows(
  placed: readonly PlacedKey[],
  { selection, source }: PageContext,
): Promise<NamedKey[]> {
  const objects: NamedKey[] = []
  for (const [name, own] of Map.groupBy(placed, (one) => one.model)) {
    const model = selection.models.find((one) => one.name === name)
    if (model === undefined) continue
    const keys = own.map((one) => one.keys)
    const existing = model.table === null ? new Set() : (await source.existing(model, keys)).existing
    objects.push(...keys.filter((key) => !existing.has(formatKey(key))).map((key) => ({ model: name, key })))
  }
  return objects
}

/** About how many keys the pages will take, for those who watch. */
export async function countKeys({ db, source, selection }: PageContext): Promise<number> {
  if (selection.object !== null) return 1
  const untabled = selection.models.filter((model) => model.table === null)
  const [placed] = await db.query<{ count: number }>(
    `select count(*) as count from orchestra.placement where model = any($1::text[])
       and ($2::int is null or server_id = $2) and ($3::text is null or backend = $3)`,
    [untabled.map((model) => model.name), selection.serverId, selection.backend],
  )
  let total = placed?.count ?? 0
  for (const model of selection.models) if (model.table !== null) total += await source.count(model)
  return total
}
