import { quoteTable } from '../../capture/index.ts'
import type { Model } from '../../config/model.ts'
import type { Unreadable } from '../source.ts'
import type { Database } from './reader.ts'

/** The models whose rows cannot be read, and why. */
export async function unreadableModels(
  database: Database,
  models: readonly Model[],
): Promise<Map<Model, Unreadable>> {
  const tabled = models.filter((model) => model.table !== null)
  const rows = await database.query<{ isMissing: boolean; isHidden: boolean }>(
    `select oid is null as "isMissing",
       case when oid is null then false else pg_catalog.row_security_active(oid) end as "isHidden"
     from (select pg_catalog.to_regclass(name)::oid as oid, position
       from unnest($1::text[]) with ordinality as wanted(name, position)) found order by position`,
    [tabled.map(({ table }) => quoteTable(table ?? ''))],
  )
  const found = tabled.map((model, index): [Model, Unreadable | undefined] => [model, whyOf(rows[index])])
  return new Map(found.flatMap(([model, why]) => (why === undefined ? [] : [[model, why] as const])))
}

function whyOf(row: { isMissing: boolean; isHidden: boolean } | undefined): Unreadable | undefined {
  if (row?.isMissing !== false) return 'missing'
  return row.isHidden ? 'hidden' : undefined
}

export async function hiddenTables(
  database: Database,
  models: readonly Model[],
): Promise<{ table: string; role: string }[]> {
  const tables = models.flatMap(({ table, related }) => [table ?? [], related.map((one) => one.table)].flat())
  return database.query<{ table: string; role: string }>(HIDDEN, [[...new Set(tables)].map(quoteTable)])
}

const HIDDEN = `
select name as table, current_user as role
from unnest($1::text[]) as wanted(name) where pg_catalog.row_security_active(pg_catalog.to_regclass(name)) order by name`
