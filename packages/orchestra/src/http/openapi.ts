import { z } from 'zod'
import { permissions } from '../access/index.ts'
import { canBeHandedOver, leastFor, ownVersion, subjectOf } from '../operate/index.ts'
import * as answering from './answer-schemas.ts'
import type { Door } from './door.ts'
import { type Endpoint, nameOf } from './endpoint.ts'

type Json = Record<string, unknown>

/** What endpoints answer, by their names, and the schemas that these refer to. */
interface Answering {
  answers: Json
  schemas: Json
}

/** The table of endpoints as OpenAPI 3.1 tells it. */
export function openApi(
  endpoints: readonly Endpoint[],
  doors: readonly Door[],
  { answers, schemas }: Answering = answering,
): Json {
  const paths: Record<string, Json> = {}
  for (const endpoint of endpoints)
    paths[endpoint.path] = {
      ...paths[endpoint.path],
      [endpoint.method.toLowerCase()]: operationOf(endpoint, answers),
    }
  for (const door of doors)
    paths[door.path] = { ...paths[door.path], [door.method.toLowerCase()]: doorOf(door) }
  return {
    openapi: '3.1.0',
    info: { title: 'Orchestra', version: ownVersion(), license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/api/v1' }],
    paths,
    components: { schemas: { ...schemas, Problem: problemSchema } },
  }
}

function operationOf(endpoint: Endpoint, answers: Json): Json {
  const { about, verb, params, query, method } = endpoint
  return {
    operationId: operationId(endpoint),
    summary: about,
    'x-verb': verb.name,
    'x-permission': permissionText(verb.name),
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query'), ...headersOf(endpoint)],
    ...(method === 'POST' || method === 'PATCH' ? { requestBody: bodyOf(endpoint) } : {}),
    responses: { ...answersOf(endpoint, answers), default: problemAnswer },
  }
}

function doorOf(door: Door): Json {
  const { about, params, query, method, anonymous, leads, raw, answer, status = 200 } = door
  const schema = answer === undefined ? {} : schemaOf(answer)
  return {
    operationId: operationId(door),
    summary: about,
    ...(anonymous ? { security: [] } : {}),
    parameters: [
      ...parametersOf(params, 'path'),
      ...parametersOf(query, 'query'),
      ...(raw?.headers ?? []).map((name) => header(name, 'As Standard Webhooks have it')),
    ],
    ...(method === 'POST' ? { requestBody: raw === undefined ? bodyOf(door) : anyBody } : {}),
    responses: {
      ...(leads === true
        ? { 302: { description: about, headers: { Location: { schema: text } } } }
        : { [status]: { description: about, content: { 'application/json': { schema } } } }),
      default: problemAnswer,
    },
  }
}

/** What nobody gets anywhere without; what is about the machine itself is for whoever is there. */
function permissionText(verb: string): string {
  const least = leastFor(verb)
  if (least === 'command') return 'none: only where nobody is asked who he is'
  return least.length === 0 ? 'none: everybody for what he asked for himself' : least.join(' or ')
}

/** `getServersByServer`: of the method and path, so that it stays when verbs are renamed. */
function operationId({ method, path }: Pick<Endpoint | Door, 'method' | 'path'>): string {
  const words = path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => {
      const name = part.replaceAll(/[{}]/g, '')
      const word = name.charAt(0).toUpperCase() + name.slice(1)
      return part.startsWith('{') ? `By${word}` : word
    })
  return method.toLowerCase() + words.join('')
}

function parametersOf(schema: z.ZodObject, place: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = schemaOf(schema) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: field,
  }))
}

/** What keeps a change from being done twice, or to something else than what was read. */
function headersOf({ kind, verb, params }: Endpoint): Json[] {
  if (kind !== 'act') return []
  const names = Object.keys(params.shape).map((name) => [name, name])
  const hasVersions = subjectOf(verb.name, Object.fromEntries(names)) !== undefined
  return [
    header('Idempotency-Key', 'It is done once, and answered the same for a day, however often it is sent'),
    ...(hasVersions ? [header('If-Match', 'The ETag of what was read: 412 if it has changed since')] : []),
  ]
}

function header(name: string, description: string): Json {
  return { name, in: 'header', required: false, description, schema: text }
}

function bodyOf({ body }: Pick<Endpoint, 'body'>): Json {
  const schema = schemaOf(body)
  const needed = Array.isArray(schema.required) && schema.required.length > 0
  return { required: needed, content: { 'application/json': { schema } } }
}

const anyBody: Json = { required: true, content: { 'application/json': { schema: {} } } }

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json
  return rest
}

function answersOf(endpoint: Endpoint, answers: Json): Json {
  const { kind, status, verb, location, plain } = endpoint
  const description = `What \`${verb.name}\` answers, as the command prints it with --json`
  if (kind === 'text')
    return { 200: { description, content: { 'text/plain': { schema: { type: 'string' } } } } }
  if (kind === 'plain' || kind === 'lines') {
    const type = plain?.type.split(';')[0] ?? 'application/jsonl'
    return { 200: { description, content: { [type]: { schema: { type: 'string' } } } } }
  }
  if (kind === 'stream')
    return { 200: { description, content: { 'text/event-stream': { schema: { type: 'string' } } } } }
  if (kind === 'bytes') return bytesAnswers(description)
  const content = { 'application/json': { schema: answers[nameOf(endpoint)] } }
  const headers = location === null ? {} : { headers: { Location: { schema: { type: 'string' } } } }
  const told: Json = { [status]: { description, ...headers, content } }
  if (location !== null && status !== 200)
    told[200] = { description: 'Nothing came of it: there was nothing to do, or nobody agreed', content }
  if (canBeHandedOver(verb)) told[202] = leftToWorker
  if (kind !== 'act') told[304] = { description: 'It is as `If-None-Match` says' }
  return told
}

const leftToWorker: Json = {
  description:
    'A worker does it: `Location` tells what became of it. Where the API has what is needed itself, only for whoever sends `Prefer: respond-async` or `wait`',
  headers: { Location: { schema: { type: 'string' } } },
  content: { 'application/json': { schema: { $ref: '#/components/schemas/RequestSummary' } } },
}

function bytesAnswers(description: string): Json {
  const content = { 'text/plain': { schema: { type: 'string', format: 'binary' } } }
  return { 200: { description, content }, 206: { description: 'The bytes that `Range` asks for', content } }
}

const text: Json = { type: 'string' }

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'hint', 'requestId', 'errors'],
  properties: {
    type: text,
    title: text,
    status: { type: 'integer' },
    detail: text,
    code: { ...text, description: 'Stable; the reference lists them under Errors' },
    hint: { type: ['string', 'null'] },
    requestId: text,
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: text,
          detail: text,
          from: {
            type: 'integer',
            description: 'Of a query or an expression: where in it, in UTF-16 code units from 0 on',
          },
          to: { type: 'integer' },
        },
      },
    },
    moved: {
      type: 'array',
      items: { type: 'object' },
      description:
        'Of a stale plan: how, object, backend, server, what it was (`was`) and what it is now (`is`)',
    },
  },
}

const problemAnswer: Json = {
  description: `What is wrong. 401: nobody is known who asks; 403 names the permission that is missing, one of ${permissions.join(', ')}`,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}
