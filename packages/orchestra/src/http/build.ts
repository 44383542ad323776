import { z } from 'zod'
import type { AnyVerb } from '../operate/index.ts'
import { filtersOf, limitField, queryField } from '../operate/index.ts'
import { cursorField, type ItemKey } from './cursor.ts'
import type { Endpoint, Given } from './endpoint.ts'
import { cutPage, MOST_ITEMS, pageOf, USUAL_ITEMS } from './page.ts'

type Fields = Readonly<Record<string, z.ZodType>>

interface Parts {
  path: string
  verb: AnyVerb
  /** Default what the verb says of itself. */
  about?: string
  params?: Fields
  query?: Fields
  /** What the verb is given; default all that the request gives, by its names. */
  input?: (given: Given) => unknown
}

const all = ({ params, query, body }: Given) => ({ ...params, ...query, ...body })

type Rest = Partial<Omit<Endpoint, 'params' | 'query'>> & Pick<Endpoint, 'method'>

function endpoint({ params = {}, query = {}, ...parts }: Parts & Rest): Endpoint {
  return {
    about: parts.verb.about,
    kind: 'one',
    status: 200,
    body: z.strictObject({}),
    input: all,
    answer: (output) => output,
    agrees: () => false,
    location: null,
    tells: null,
    tellsSecret: false,
    resumes: null,
    named: null,
    plain: null,
    ...parts,
    params: z.strictObject({ ...params }),
    query: z.strictObject({ ...query }),
  }
}

/** One resource. */
export function one(parts: Parts): Endpoint {
  return endpoint({ ...parts, method: 'GET' })
}

/** What a log holds: text, or bytes that a range can be asked of. */
export function file(parts: Parts & { kind: 'text' | 'bytes' }): Endpoint {
  return endpoint({ ...parts, method: 'GET' })
}

/** All that a verb answers piece by piece, a line of JSON for each. */
export function lines(parts: Parts & { named: string }): Endpoint {
  return endpoint({ ...parts, method: 'GET', kind: 'lines' })
}

/** What another standard says how to write. */
export function plain(parts: Parts & Pick<Endpoint, 'plain'>): Endpoint {
  return endpoint({ ...parts, method: 'GET', kind: 'plain' })
}

/** A list that is short for as long as a configuration is: in the order of its verb, without pages. */
export function whole(parts: Parts): Endpoint {
  const answer = (output: unknown) => {
    const items = output as unknown[]
    return { items, next: null, count: items.length, countIsExact: true }
  }
  return endpoint({ ...parts, method: 'GET', kind: 'list', answer })
}

/** What happens, as it happens: server-sent events. */
export function stream(parts: Parts & Pick<Endpoint, 'tells' | 'resumes'>): Endpoint {
  return endpoint({ ...parts, method: 'GET', kind: 'stream' })
}

const limit = limitField.max(MOST_ITEMS).default(USUAL_ITEMS)

/** Whatever list can be narrowed by a query takes one. */
function queryOf({ verb, query }: Parts): Fields {
  return { ...query, ...(Object.hasOwn(filtersOf, verb.name) ? { q: queryField.optional() } : {}) }
}

/** A list that its verb answers as a whole, and that is paged here by a key of its items. */
export function keyed<Item>({ key, ...parts }: Parts & { key: (item: Item) => ItemKey }): Endpoint {
  const { input = all } = parts
  return endpoint({
    ...parts,
    method: 'GET',
    kind: 'list',
    query: { ...parts.query, limit, cursor: cursorField.optional() },
    input: (given) => input({ ...given, query: without(given.query, 'limit', 'cursor') }),
    answer: (output, { query }) => pageOf(output as Item[], key, query as { limit: number; cursor?: string }),
  })
}

/** A list that its verb pages: it goes on behind the item that `field` names. */
export function paged<Item>({
  field,
  cursor,
  next,
  ...parts
}: Parts & {
  field: 'before' | 'after'
  cursor: z.ZodType
  next: (last: Item) => string | number
}): Endpoint {
  const { input = all } = parts
  return endpoint({
    ...parts,
    method: 'GET',
    kind: 'list',
    query: { ...queryOf(parts), limit, cursor: cursor.optional() },
    input: (given) => {
      const { limit: items, cursor: behind } = given.query
      const rest = without(given.query, 'limit', 'cursor')
      // One more tells whether there is a next page.
      return input({ ...given, query: { ...rest, limit: Number(items) + 1, [field]: behind } })
    },
    answer: (output, { query }) =>
      cutPage(output as Item[], Number(query.limit), (last) => String(next(last))),
  })
}

/** A list whose verb answers pages already. */
export function pages({
  cursor,
  items,
  most = MOST_ITEMS,
  fixed = {},
  ...parts
}: Parts & {
  cursor: z.ZodType
  items: string
  most?: number
  /** What the verb is told besides. */
  fixed?: Readonly<Record<string, unknown>>
}): Endpoint {
  return endpoint({
    ...parts,
    method: 'GET',
    kind: 'list',
    query: { ...queryOf(parts), limit: limitField.max(most).default(USUAL_ITEMS), cursor: cursor.optional() },
    input: ({ params, query: { cursor: after, ...query } }) => ({ ...params, ...query, ...fixed, after }),
    answer: (output) => {
      const { [items]: found, next } = output as Record<string, unknown>
      return { items: found, next }
    },
  })
}

interface ActParts extends Parts {
  method?: 'POST' | 'PATCH' | 'DELETE'
  status?: Endpoint['status']
  body?: Fields
  /** It asks before it does what cannot be taken back. */
  asks?: true
  tellsSecret?: true
  location?: (output: never) => string | null
}

const yes = z.boolean().default(false)

/** What changes something. */
export function act({
  method = 'POST',
  body = {},
  query = {},
  asks,
  location,
  ...parts
}: ActParts): Endpoint {
  const { input = all } = parts
  const place = method === 'DELETE' ? 'query' : 'body'
  const agreement: Fields = asks === true ? { yes } : {}
  return endpoint({
    ...parts,
    method,
    kind: 'act',
    query: place === 'query' ? { ...query, ...agreement } : query,
    body: z.strictObject(place === 'body' ? { ...body, ...agreement } : { ...body }),
    input: (given) => input({ ...given, [place]: without(given[place], 'yes') }),
    agrees: (given) => given[place].yes === true,
    location: (location as Endpoint['location']) ?? null,
  })
}

function without(
  given: Readonly<Record<string, unknown>>,
  ...names: readonly string[]
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)))
}
