import { hiddenHint, sourceOf } from '../source/index.ts'
import { type Check, ok, problem } from './check.ts'

/** Whether Orchestra's role sees all rows of the tables that models name. */
export const checkRows: Check = async ({ store, loaded }) => {
  const hidden = await sourceOf(store).hidden([...loaded.config.models.values()])
  if (hidden.length === 0) return [ok('rows', 'no row level security hides rows from Orchestra')]
  return hidden.map(({ table, role }) =>
    problem(
      'rows',
      `row level security may hide rows of ${table} from the role ${role}: nothing of it can be read`,
      hiddenHint,
    ),
  )
}
