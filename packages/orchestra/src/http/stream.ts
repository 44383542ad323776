import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { StreamEvent } from './endpoint.ts'
import { guardHeaders } from './guard.ts'
import { toJson } from './json.ts'

/** Milliseconds after which whoever is between drops a connection on which nothing comes. */
const HEARTBEAT = 15_000

/** Sends events until there are no more, or until nobody is there who reads them. */
export async function sendEvents(
  reply: FastifyReply,
  events: AsyncIterable<StreamEvent>,
  { signal, problemOf }: { signal: AbortSignal; problemOf: (error: unknown) => object },
): Promise<void> {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    ...guardHeaders,
    'request-id': reply.request.id,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Nothing is asked behind a stream: an idle connection would keep the server from closing.
    connection: 'close',
    'x-accel-buffering': 'no',
  })
  raw.flushHeaders()
  const beating = setInterval(() => raw.write(':\n\n'), HEARTBEAT)
  try {
    for await (const event of events) await write(raw, textOf(event), signal)
  } catch (error) {
    if (!signal.aborted)
      await write(raw, textOf({ id: '', event: 'problem', data: problemOf(error) }), signal)
  } finally {
    clearInterval(beating)
    raw.end()
  }
}

/** Waits for a reader who is slower than what happens. */
async function write(raw: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted || raw.write(text)) return
  await once(raw, 'drain', { signal }).catch(() => undefined)
}

/** JSON has no line breaks of its own, so that an event is what it is whatever a server printed. */
export function textOf({ id, event, data }: StreamEvent): string {
  const lines = [
    ...(id === '' ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...(data === undefined ? [] : [`data: ${toJson(data)}`]),
  ]
  return `${lines.join('\n')}\n\n`
}
