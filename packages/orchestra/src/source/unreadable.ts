import { quoteTable } from '../capture/index.ts'
import type { Model } from '../config/model.ts'
import { hiddenHint } from './hidden.ts'
import type { Source } from './source.ts'

/** Why a model's rows cannot be read at all. */
export type Unreadable = 'missing' | 'hidden'

/** The models whose rows cannot be read, and why. */
export async function unreadableModels(
  source: Source,
  models: readonly Model[],
): Promise<Map<Model, Unreadable>> {
  const tabled = models.filter((model) => model.table !== null)
  const rows = await source.query<{ isMissing: boolean; isHidden: boolean }>(
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

/** What it means for the objects of a model, in a sentence. */
export function unreadableText({ name, table }: Model, why: Unreadable, objects: number): string {
  const what =
    why === 'missing' ? `there is no table ${table}` : `row level security may hide rows of ${table}`
  const hint =
    why === 'missing'
      ? 'Rename the table back, or correct `table` of the model; `orchestra forget` lets objects be that are not wanted any more'
      : hiddenHint
  return `Model "${name}": ${what}, so ${objects} of its objects could not be compared. ${hint}`
}
