import type { z } from 'zod'
import type { AnyVerb } from '../operate/index.ts'
import type { Permission } from './permission.ts'

/** What a request gives, by where it stands. */
export interface Given {
  params: Readonly<Record<string, unknown>>
  query: Readonly<Record<string, unknown>>
  body: Readonly<Record<string, unknown>>
}

/** How an answer is sent: one resource with its ETag, a page of a list, what an act did, or text and bytes of a log. */
export type AnswerKind = 'one' | 'list' | 'act' | 'text' | 'bytes'

/**
 * One line of the table that routes, documents and tests are made of. An endpoint decides nothing: it names a verb, and where in a
 * request stands what that is given.
 */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`, with parameters as OpenAPI writes them: `/servers/{server}`. */
  path: string
  verb: AnyVerb
  permission: Permission
  about: string
  kind: AnswerKind
  status: 200 | 201 | 202
  params: z.ZodObject
  query: z.ZodObject
  body: z.ZodObject
  /** What the verb is given. */
  input: (given: Given) => unknown
  /** What is answered of what the verb answers. */
  answer: (output: unknown, given: Given) => unknown
  /** Whether whoever asks agrees to what cannot be taken back. */
  agrees: (given: Given) => boolean
  /** Where the resource is that was made, below `/api/v1`. */
  location: ((output: unknown) => string | null) | null
}

/** `GET /servers/{server}` */
export function nameOf({ method, path }: Pick<Endpoint, 'method' | 'path'>): string {
  return `${method} ${path}`
}
