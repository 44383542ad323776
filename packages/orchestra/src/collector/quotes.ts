import type { Model } from '../config/model.ts'
import { OrchestraError } from '../errors.ts'
import { codeOf } from '../store/index.ts'

/** A shorter run of characters is found in any text by chance. */
const SHORTEST_PART = 6

/** Whether at least half of a secret, whatever its case, stands in a text. */
export function quotesPartOf(text: string, secret: string): boolean {
  const [where, what] = [text.toLowerCase(), secret.toLowerCase()]
  const size = Math.max(SHORTEST_PART, Math.ceil(what.length / 2))
  for (let at = 0; at + size <= what.length; at++) if (where.includes(what.slice(at, at + size))) return true
  return false
}

/** Errors of data, of constraints, and of functions that raise some: their texts quote values. */
const QUOTING = /^(22|23|P0)...$/

/** What Postgres says while it reads objects with secrets, without the values that it may quote. */
export function withoutQuotes(model: Model, error: unknown): unknown {
  const state = codeOf(error)
  if (model.secrets.length === 0 || !QUOTING.test(state)) return error
  return new OrchestraError(
    'ORC_LOADER_FAILED',
    `Postgres refuses to read objects of model "${model.name}" (SQLSTATE ${state})`,
    { hint: 'What it says is withheld, because it may quote a secret: read the rows with psql to see it' },
  )
}
