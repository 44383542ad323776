import { quoteTable } from '../capture/index.ts'
import { hiddenHint } from '../source/index.ts'
import { type Check, ok, problem } from './check.ts'

/** Whether Orchestra's role sees all rows of the tables that models name. */
export const checkRows: Check = async ({ store, loaded }) => {
  const models = [...loaded.config.models.values()]
  const tables = models.flatMap(({ table, related }) => [table ?? [], related.map((one) => one.table)].flat())
  const hidden = await store.query<{ name: string; role: string }>(HIDDEN, [
    [...new Set(tables)].map(quoteTable),
  ])
  if (hidden.length === 0) return [ok('rows', 'no row level security hides rows from Orchestra')]
  return hidden.map(({ name, role }) =>
    problem(
      'rows',
      `row level security may hide rows of ${name} from the role ${role}: nothing of it can be read`,
      hiddenHint,
    ),
  )
}

const HIDDEN = `
select name, current_user as role
from unnest($1::text[]) as wanted(name) where pg_catalog.row_security_active(pg_catalog.to_regclass(name)) order by name`
