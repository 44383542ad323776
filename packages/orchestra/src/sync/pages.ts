import { quoteIdentifier, quoteLiteral, quoteTable } from '../capture/index.ts'
import { keyTypesOf, tableReader } from '../collector/table.ts'
import { formatKey } from '../config/key.ts'
import type { Key, LoaderContext, Model } from '../config/model.ts'
import type { Queryable } from '../store/index.ts'
import { afterRows, type Cursor, type PlacedPosition } from './cursor.ts'
import type { Selection } from './selection.ts'

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
  /** Reads the application's tables. */
  query: LoaderContext['query']
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
  const { selection, query } = context
  const model = selection.models.find((one) => one.name === name)
  const keys = model === undefined ? [] : await rowKeys(model, after, query, PAGE_SIZE)
  const last = keys.at(-1)
  const isLast = last === undefined || keys.length < PAGE_SIZE
  return {
    objects: keys.map((key) => ({ model: name, key })),
    seen: keys.length,
    next: isLast ? afterRows(selection, name) : { pass: 'rows', model: name, after: last },
  }
}

/** The next keys of a model's table, in the order of its key's own types, which its index has. */
export async function rowKeys(
  model: Model,
  after: Key | null,
  query: LoaderContext['query'],
  size: number,
): Promise<Key[]> {
  const types = await keyTypesOf(model, query)
  const columns = model.key.map((column) => `row.${quoteIdentifier(column)}`)
  const start = types.map((type, index) => `$${index + 1}::text::${type}`)
  const rows = await query<{ key: string[] }>(
    `select array[${columns.map((column) => `${column}::text`).join(', ')}] as key
     from ${quoteTable(model.table ?? '')} as row
     where ${columns.map((column) => `${column} is not null`).join(' and ')}
       ${after === null ? '' : `and (${columns.join(', ')}) > (${start.join(', ')})`}
     order by ${columns.join(', ')} limit ${size}`,
    after ?? [],
  )
  return rows.map((row) => row.key)
}

interface PlacedKey extends PlacedPosition {
  keys: Key
}

async function placedPage(after: PlacedPosition | null, context: PageContext): Promise<Page> {
  const { selection, query } = context
  if (selection.models.length === 0) return { objects: [], seen: 0, next: null }
  const placed = await query<PlacedKey>(placedSql(selection.models), [
    after?.hash ?? '00000000-0000-0000-0000-000000000000',
    after?.model ?? '',
    selection.serverId,
    selection.backend,
    PAGE_SIZE,
  ])
  const last = placed.at(-1)
  return {
    objects: await withoutRows(placed, selection.models, query),
    seen: placed.length,
    next:
      last === undefined || placed.length < PAGE_SIZE
        ? null
        : { pass: 'placed', after: { hash: last.hash, model: last.model } },
  }
}

/** Placements of several models, without those whose row is found by the text of its key: most of them, in one pass of the table. */
function placedSql(models: readonly Model[]): string {
  const ofModels = models.map(
    (model) => `select key_hash, model, keys from orchestra.placement p
      where model = ${quoteLiteral(model.name)} and (key_hash, model) > ($1::uuid, $2::text)
        and ($3::int is null or server_id = $3) and ($4::text is null or backend = $4)
        and ${withoutRow(model)}`,
  )
  return `select distinct on (key_hash, model) key_hash as hash, model, keys from (${ofModels.join(' union all ')}) p
    order by key_hash, model limit $5`
}

function withoutRow({ table, key }: Model): string {
  if (table === null) return 'true'
  const parts = key.map((column) => `row.${quoteIdentifier(column)}::text`)
  return `not exists (select from ${quoteTable(table)} as row where jsonb_build_array(${parts.join(', ')}) = p.keys)`
}

/** Rows that exist were looked at when their table was, however the text of their keys is written today. */
async function withoutRows(
  placed: readonly PlacedKey[],
  models: readonly Model[],
  query: LoaderContext['query'],
): Promise<NamedKey[]> {
  const objects: NamedKey[] = []
  for (const [name, own] of Map.groupBy(placed, (one) => one.model)) {
    const model = models.find((one) => one.name === name)
    if (model === undefined) continue
    const keys = own.map((one) => one.keys)
    const existing = model.table === null ? new Set<string>() : await tableReader(model, query).existing(keys)
    objects.push(...keys.filter((key) => !existing.has(formatKey(key))).map((key) => ({ model: name, key })))
  }
  return objects
}

/** About how many keys the pages will take, for those who watch. */
export async function countKeys({ db, query, selection }: PageContext): Promise<number> {
  if (selection.object !== null) return 1
  const untabled = selection.models.filter((model) => model.table === null)
  const [placed] = await db.query<{ count: number }>(
    `select count(*) as count from orchestra.placement where model = any($1::text[])
       and ($2::int is null or server_id = $2) and ($3::text is null or backend = $3)`,
    [untabled.map((model) => model.name), selection.serverId, selection.backend],
  )
  let total = placed?.count ?? 0
  for (const { table } of selection.models) {
    if (table === null) continue
    const [rows] = await query<{ count: number }>(`select count(*) as count from ${quoteTable(table)}`)
    total += Number(rows?.count ?? 0)
  }
  return total
}
