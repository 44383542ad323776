import type { Model } from '../config/model.ts'
import { hiddenHint } from './hidden.ts'
import type { Unreadable } from './source.ts'

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
