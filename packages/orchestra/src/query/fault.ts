import { OrchestraError } from '../errors.ts'

/** Where in a text something stands: UTF-16 code units from 0 on, the end behind it. */
export interface Span {
  from: number
  to: number
}

/** A query that nobody can understand, with the place of what is wrong. */
export class QueryFault extends OrchestraError {
  readonly query: string
  readonly detail: string
  readonly span: Span

  constructor(query: string, span: Span, detail: string, hint = USUAL) {
    super('ORC_QUERY_INVALID', `At character ${span.from + 1} of the query: ${detail}`, { hint })
    this.query = query
    this.detail = detail
    this.span = span
  }
}

const USUAL =
  'A query is made of NAME:VALUE, -NAME:VALUE and "texts": docs/query.md tells which names a list has'
