import type { Patience } from './patience.ts'

/** Where the API is, and who asks. */
export interface ClientOptions {
  /** `http://127.0.0.1:4480`, or where an application offers it: `https://shop.example/orchestra`. */
  url: string | URL
  /** What `orchestra token add` printed. Without one the browser's session is used, where there is one. */
  token?: string | undefined
  patience?: Partial<Patience> | undefined
  /** What asks instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined
}

/** How one thing is asked. */
export interface CallOptions {
  signal?: AbortSignal | undefined
  /** More headers, such as `range` or `if-none-match`. */
  headers?: Readonly<Record<string, string>> | undefined
  /** Under which a server that is asked twice does something once: what changes something is tried again only with one. */
  idempotencyKey?: string | undefined
}

export type Input = Readonly<Record<string, unknown>>

/** What is sent for a name of the table: what stands in the path is put there, the rest is the query or the body. */
export function requestOf(
  options: Pick<ClientOptions, 'url' | 'token'>,
  name: string,
  input: Input,
  call: CallOptions,
): [url: string, init: RequestInit & { headers: Record<string, string> }] {
  const [method = '', path = ''] = name.split(' ')
  const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field))
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, field: string) => encodeURIComponent(String(input[field])))
  const rest = Object.entries(input).filter(
    ([field, value]) => !inPath.has(field) && value !== undefined && value !== null,
  )
  const hasBody = method === 'POST' || method === 'PATCH'
  const query = hasBody ? '' : queryOf(rest)
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
    ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }),
    ...call.headers,
  }
  const url = `${baseOf(options.url)}/api/v1${filled}${query === '' ? '' : `?${query}`}`
  const body = hasBody ? { body: JSON.stringify(Object.fromEntries(rest)) } : {}
  return [
    url,
    {
      method,
      headers,
      redirect: 'error',
      ...body,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    },
  ]
}

/** What the command says that it listens at has the API's own path already. */
function baseOf(url: string | URL): string {
  return String(url)
    .replace(/\/+$/, '')
    .replace(/\/api\/v1$/, '')
}

/** A parameter of several values is there several times. */
function queryOf(fields: readonly [string, unknown][]): string {
  const pairs = fields.flatMap(([field, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [field, String(one)]),
  )
  return new URLSearchParams(pairs).toString()
}
