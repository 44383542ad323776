import { join } from 'node:path'
import { z } from 'zod'
import { type Endpoint, nameOf } from '../../packages/orchestra/src/http/endpoint.ts'
import { endpoints } from '../../packages/orchestra/src/http/index.ts'
import * as operate from '../../packages/orchestra/src/operate/index.ts'

/** What the client of the API is typed by. */
export const clientTablePath = join(import.meta.dirname, '../../packages/orchestra/src/client/table.ts')

type Json = Readonly<Record<string, unknown>>

/** The table of endpoints as types: what is given is told by the schemas that check it, what is answered by the verbs themselves. */
export function generateClientTable(): string {
  const entries = endpoints.map(entryOf).join('\n')
  const verbs = new Set([...entries.matchAll(/typeof (\w+)/g)].map(([, name]) => name ?? ''))
  return [
    '// Written by docs/generate.ts: what can be asked for by HTTP. Nothing of it is there at run time.',
    `import type {\n${[...verbs]
      .toSorted()
      .map((name) => `  ${name},`)
      .join('\n')}\n  OutputOf,\n} from '../operate/index.ts'`,
    HELPERS,
    `export interface Table {\n${entries}\n}\n`,
  ].join('\n\n')
}

const HELPERS = `/** A part of a list. */
export interface Listed<Item> {
  items: Item[]
  /** The \`cursor\` of the page behind it; null on the last. */
  next: string | null
  /** How many there are on all pages. */
  count: number
  /** Whether that is all, or so many and more. */
  countIsExact: boolean
}

/** Items of what a verb answers as an array, or as a page of its own. */
type ItemOf<Output> = Output extends readonly (infer Item)[]
  ? Item
  : Extract<Output[keyof Output], readonly unknown[]>[number]

/** What a verb answers piece by piece. */
type PieceOf<Output> = Output extends AsyncIterable<infer Piece> ? Piece : never`

/** What streams tell, by their verbs. */
const streams: Readonly<Record<string, string>> = {
  'log.watch': `{ event: 'lines'; data: PieceOf<OutputOf<typeof logWatch>> } | { event: 'end'; data: OutputOf<typeof logShow> }`,
  'event.follow': '{ event: string; data: ItemOf<PieceOf<OutputOf<typeof eventFollow>>> }',
}

/** The name by which a verb is exported. */
function exportOf(verb: Endpoint['verb']): string {
  const found = Object.entries(operate).find(([, one]) => one === verb)
  if (found === undefined) throw new Error(`${verb.name} is not exported by operate/index.ts`)
  return found[0]
}

function entryOf(endpoint: Endpoint): string {
  const { kind, about } = endpoint
  return [
    `  /** ${about} */`,
    `  '${nameOf(endpoint)}': { kind: '${kind}'; input: ${inputOf(endpoint)}; answer: ${answerOf(endpoint)} }`,
  ].join('\n')
}

function answerOf({ kind, verb }: Endpoint): string {
  const output = `OutputOf<typeof ${exportOf(verb)}>`
  if (kind === 'one' || kind === 'act') return output
  if (kind === 'list') return `Listed<ItemOf<${output}>>`
  if (kind === 'stream') return streams[verb.name] ?? '{ event: string; data: unknown }'
  return kind === 'text' ? 'string' : 'unknown'
}

/** Everything that may be given, wherever it stands in a request. */
function inputOf({ params, query, body }: Endpoint): string {
  return typeOf(schemaOf(params.extend(query.shape).extend(body.shape)))
}

function schemaOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json
}

/** A schema as TypeScript writes it. */
function typeOf(schema: Json): string {
  const { const: only, enum: some, anyOf, type, items, properties, required, additionalProperties } = schema
  if (only !== undefined) return JSON.stringify(only)
  if (Array.isArray(some)) return some.map((one) => JSON.stringify(one)).join(' | ')
  if (Array.isArray(anyOf)) return anyOf.map((one) => typeOf(one as Json)).join(' | ')
  if (type === 'array') return `readonly (${typeOf((items ?? {}) as Json)})[]`
  if (type === 'object' && properties !== undefined)
    return objectType(properties as Record<string, Json>, (required ?? []) as string[])
  if (type === 'object') return `Readonly<Record<string, ${typeOf((additionalProperties ?? {}) as Json)}>>`
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'string' || type === 'boolean' || type === 'null') return type
  return 'unknown'
}

function objectType(properties: Readonly<Record<string, Json>>, required: readonly string[]): string {
  const fields = Object.entries(properties).map(
    ([name, field]) => `${name}${required.includes(name) ? '' : '?'}: ${typeOf(field)}`,
  )
  return fields.length === 0 ? 'Record<never, never>' : `{ ${fields.join('; ')} }`
}
