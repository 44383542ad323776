import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { OrchestraError } from '../errors.ts'
import type { LogLines, OutputChunk } from '../logs/index.ts'
import { counting, logLines, subjectOf, versionOf } from '../operate/index.ts'
import type { Counted } from '../query/index.ts'
import type { Store } from '../store/index.ts'
import type { Ask, Endpoint, Given } from './endpoint.ts'
import { etagOf, namesTag } from './etag.ts'
import { versionTag } from './if-match.ts'
import { toJson } from './json.ts'
import type { ListPage } from './page.ts'
import { rangeOf } from './range.ts'

/** Below which everything is. */
export const BASE = '/api/v1'

/** Who is answered, and for what. */
interface Answered {
  request: FastifyRequest
  reply: FastifyReply
  endpoint: Endpoint
  given: Given
}

interface Answering extends Answered {
  ask: Ask
  store: Store
}

/** Does what an endpoint is for, and sends what it answers. */
export async function answer(answering: Answering): Promise<FastifyReply> {
  const { endpoint, given, ask, store } = answering
  if (endpoint.kind === 'bytes') return sendBytes(answering)
  if (endpoint.kind === 'list') return sendAnswer(answering, null, null, await listed(answering))
  const subject = endpoint.kind === 'one' ? subjectOf(endpoint.verb.name, endpoint.input(given)) : undefined
  // Before what it is the version of: of one that is older than it seems nobody changes what he has not seen.
  const version = subject && (await versionOf(store, subject))
  const output = await ask(endpoint.verb, endpoint.input(given))
  if (endpoint.kind === 'text') return sendText(answering, String(output))
  if (endpoint.kind === 'lines') return sendLines(answering, output as AsyncIterable<unknown>)
  if (endpoint.plain !== null)
    return answering.reply.type(endpoint.plain.type).send(await endpoint.plain.textOf(output))
  return sendAnswer(answering, output, version ?? null)
}

/** A page, and how many there are on all of them: counted beside it where its verb can count. */
async function listed({ endpoint, given, ask }: Answering): Promise<ListPage> {
  const input = endpoint.input(given)
  const counter = counting(endpoint.verb)
  const [output, counted] = await Promise.all([
    ask(endpoint.verb, input),
    counter === undefined ? null : (ask(counter, input) as Promise<Counted | null>),
  ])
  const page = endpoint.answer(output, given) as ListPage
  return { ...page, ...(counted ?? countOf(page, given)) }
}

/** Where nobody counts, a list that is one page has as many as there are on it, and any other as many at least. */
function countOf({ items, next, ...page }: ListPage, { query }: Given): Counted {
  if ('count' in page) return page as Counted
  return { count: items.length, countIsExact: next === null && query.cursor === undefined }
}

/** Sends what a verb answers, as its endpoint answers it. */
export function sendAnswer(
  answered: Answered,
  output: unknown,
  version: string | null = null,
  answer: unknown = answered.endpoint.answer(output, answered.given),
): FastifyReply {
  const { request, reply, endpoint } = answered
  const body = toJson(answer)
  reply.type('application/json; charset=utf-8')
  if (endpoint.tellsSecret) reply.header('cache-control', 'no-store')
  if (endpoint.kind === 'act') return sendActed(reply, endpoint, output).send(body)
  const tag = version === null ? etagOf(body) : versionTag(version, body)
  reply.header('etag', tag)
  if (namesTag(request.headers['if-none-match'], tag)) return reply.code(304).send()
  return reply.send(body)
}

/** What was to be made and was not, because nobody agreed, is nowhere. */
function sendActed(reply: FastifyReply, { status, location }: Endpoint, output: unknown): FastifyReply {
  const place = location?.(output) ?? null
  if (place !== null) reply.header('location', `${BASE}${place}`)
  return reply.code(location !== null && place === null ? 200 : status)
}

function sendText({ reply, given }: Answering, text: string): FastifyReply {
  return asAttachment(reply, `log-${given.params.log}.sh`).send(text)
}

/** As they come, however many there are. */
function sendLines({ reply, endpoint }: Answering, items: AsyncIterable<unknown>): FastifyReply {
  return asAttachment(reply, endpoint.named ?? 'lines.jsonl')
    .type('application/jsonl; charset=utf-8')
    .send(Readable.from(textLines(items), { objectMode: false }))
}

async function* textLines(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const item of items) yield `${toJson(item)}\n`
}

/** Nothing that comes from a server is ever shown as anything but text, or runs. */
function asAttachment(reply: FastifyReply, name: string): FastifyReply {
  return reply
    .type('text/plain; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}"`)
    .header('content-security-policy', "default-src 'none'; sandbox")
}

async function sendBytes({ request, reply, endpoint, given, ask }: Answering): Promise<FastifyReply> {
  const { log } = given.params
  const { size } = (await ask(logLines, { log, tail: 0 })) as LogLines
  // What a range is to go on with may be another output by now: all of it is right in any case.
  const wanted = request.headers['if-range'] === undefined ? request.headers.range : undefined
  const range = rangeOf(wanted, size)
  if (range.kind === 'outside') throw outside(reply, size)
  const part = range.kind === 'part' ? { from: range.from, to: range.to } : {}
  const chunks = (await ask(endpoint.verb, { log, ...part })) as AsyncIterable<OutputChunk>
  asAttachment(reply, `log-${log}.txt`).header('accept-ranges', 'bytes')
  if (range.kind === 'part')
    reply.code(206).header('content-range', `bytes ${range.from}-${range.to - 1}/${size}`)
  return reply.send(Readable.from(bytesOf(chunks), { objectMode: false }))
}

function outside(reply: FastifyReply, size: number): OrchestraError {
  reply.header('content-range', `bytes */${size}`)
  return new OrchestraError(
    'ORC_HTTP_RANGE',
    `The output has ${size} bytes, and the range begins behind them`,
    {
      hint: 'Ask for bytes that are there; bytes=-1000 are the last',
    },
  )
}

async function* bytesOf(chunks: AsyncIterable<OutputChunk>): AsyncGenerator<Buffer> {
  for await (const { data } of chunks) yield data
}
