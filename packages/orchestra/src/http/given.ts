import { z } from 'zod'
import { faultIn } from '../operate/index.ts'
import type { Endpoint, Given } from './endpoint.ts'
import { pointerTo, type RequestPart } from './pointer.ts'
import { type Fault, RequestFault } from './problem.ts'

/** Faults that one answer names. */
const MOST_FAULTS = 20

/** What a request brings, before anything of it is understood. */
export interface Raw {
  params: unknown
  query: unknown
  body: unknown
}

/** Makes the reader of an endpoint's requests: it understands all of one, or tells all that is wrong with it. */
export function readerOf({
  params,
  query,
  body,
}: Pick<Endpoint, 'params' | 'query' | 'body'>): (raw: Raw) => Given {
  const [decodeParams, decodeQuery] = [textDecoder(params), textDecoder(query)]
  return (raw) => {
    const faults: Fault[] = []
    const check = (place: RequestPart, schema: z.ZodObject, value: unknown): Record<string, unknown> => {
      const checked = schema.safeParse(value)
      if (checked.success) return checked.data
      faults.push(...checked.error.issues.flatMap((issue) => faultsOf(place, issue)))
      return {}
    }
    const given: Given = {
      params: check('path', params, decodeParams(raw.params)),
      query: check('query', query, decodeQuery(raw.query)),
      body: check('body', body, raw.body === undefined || raw.body === null ? {} : raw.body),
    }
    if (faults.length > 0) throw new RequestFault(faults.slice(0, MOST_FAULTS))
    return given
  }
}

/** Nothing of what is refused is repeated but its name. */
function faultsOf(place: RequestPart, issue: z.core.$ZodIssue): Fault[] {
  const at = issue.path.map(String)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ pointer: pointerTo(place, ...at, key), detail: 'is not known here' }))
  return [{ pointer: pointerTo(place, ...at), detail: faultIn(issue) }]
}

type Kind = 'number' | 'boolean' | 'text'

/** A path and a query are texts: those of numbers and of yes and no are read as such, and all else is left to the schema. */
function textDecoder(schema: z.ZodObject): (value: unknown) => unknown {
  const kinds = new Map(
    Object.entries(schema.shape).map(([name, field]) => [name, kindOf(field as z.ZodType)]),
  )
  return (value) =>
    Object.fromEntries(
      Object.entries(value ?? {}).map(([name, text]) => [name, decoded(kinds.get(name) ?? 'text', text)]),
    )
}

function kindOf(field: z.ZodType): Kind {
  const { type } = z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' })
  if (type === 'integer' || type === 'number') return 'number'
  return type === 'boolean' ? 'boolean' : 'text'
}

function decoded(kind: Kind, text: unknown): unknown {
  if (typeof text !== 'string') return text
  if (kind === 'number' && /^-?\d{1,20}(\.\d{1,20})?$/.test(text)) return Number(text)
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
