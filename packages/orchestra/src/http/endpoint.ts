import type { z } from 'zod'
import type { AnyVerb } from '../operate/index.ts'

/** What a request gives, by where it stands. */
export interface Given {
  params: Readonly<Record<string, unknown>>
  query: Readonly<Record<string, unknown>>
  body: Readonly<Record<string, unknown>>
}

/** Asks for a verb as whoever made the request. */
export type Ask = (verb: AnyVerb, given: unknown) => Promise<unknown>

/**
 * How an answer is sent: one resource with its ETag, a page of a list, what an act did, text and bytes of a log, lines of JSON, or a text
 * of another standard.
 */
export type AnswerKind = 'one' | 'list' | 'act' | 'text' | 'bytes' | 'lines' | 'plain' | 'stream'

/** One event of a stream; one without data only says where a reader goes on. */
export interface StreamEvent {
  id: string
  event?: string
  data?: unknown
}

/**
 * One line of the table that routes, documents and tests are made of. An endpoint decides nothing: it names a verb, and where in a
 * request stands what that is given.
 */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`, with parameters as OpenAPI writes them: `/servers/{server}`. */
  path: string
  verb: AnyVerb
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
  /** The name of a file of lines. */
  named: string | null
  /** How a text of another standard is made of what its verb answers, and what it is called. */
  plain: { type: string; textOf: (output: unknown) => Promise<string> } | null
  /** What a stream tells of what its verb answers. */
  tells: ((output: unknown, given: Given, ask: Ask) => AsyncIterable<StreamEvent>) | null
  /** It tells a secret that is told this once: nobody on the way keeps the answer, and it is not replayed. */
  tellsSecret: boolean
  /** What of a request `Last-Event-ID` stands for, and says it better. */
  resumes: { name: string; from: (id: string) => string } | null
  /** Where the resource is that was made, below `/api/v1`. */
  location: ((output: unknown) => string | null) | null
}

/** `GET /servers/{server}` */
export function nameOf({ method, path }: Pick<Endpoint, 'method' | 'path'>): string {
  return `${method} ${path}`
}
