import type { Key } from '../config/model.ts'
import type { Selection } from './selection.ts'

/** How far a comparison has come: where its next page begins. */
export type Cursor =
  /** The one object that is selected. */
  | { pass: 'object' }
  /** Rows of a model's table, after this key. */
  | { pass: 'rows'; model: string; after: Key | null }
  /** Placements, after this one: of rows that are gone, and of what no table holds. */
  | { pass: 'placed'; after: PlacedPosition | null }
  /** What is to be removed, after this entry. */
  | { pass: 'removals'; after: number }

export interface PlacedPosition {
  hash: string
  model: string
}

/** Where a comparison begins. */
export function firstCursor({ models, object }: Selection): Cursor {
  if (object !== null) return { pass: 'object' }
  const [first] = models.filter((model) => model.table !== null)
  return first === undefined
    ? { pass: 'placed', after: null }
    : { pass: 'rows', model: first.name, after: null }
}

/** The pass after the rows of one model. A model that is not there any more is nobody's successor: all begins anew. */
export function afterRows(selection: Selection, model: string): Cursor {
  const tabled = selection.models.filter((one) => one.table !== null)
  const index = tabled.findIndex((one) => one.name === model)
  if (index === -1) return firstCursor(selection)
  const next = tabled[index + 1]
  return next === undefined
    ? { pass: 'placed', after: null }
    : { pass: 'rows', model: next.name, after: null }
}
