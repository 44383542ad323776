import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** What the framework of an application knows of a request that it hands on to the API. */
export interface Handover {
  /** What stands before the paths of the API: `/orchestra`. */
  base: string
  /** Nothing followed the base, not even a slash. */
  endsOpen?: boolean
  /** The framework's own request, of which the application knows who makes it. */
  asked: unknown
  /** The body, where the framework has read it already. */
  body?: unknown
}

const handovers = new WeakMap<IncomingMessage, Handover>()

export function handOver(request: IncomingMessage, handover: Handover): void {
  handovers.set(request, handover)
}

export function handedOver(request: IncomingMessage): Handover | undefined {
  return handovers.get(request)
}

type Payload = Readable & { receivedEncodedLength?: number }

/** The body of a request once more, where its stream was read before; otherwise the stream itself. */
export function payloadOf(request: IncomingMessage, stream: Payload): Payload {
  if (!request.readableDidRead) return stream
  const { body } = handovers.get(request) ?? {}
  if (body === undefined) return Readable.from([])
  const again: Payload = Readable.from([bytesOf(body)])
  // What was sent may have been compressed, and was measured by whoever read it.
  const sent = Number(request.headers['content-length'])
  if (Number.isSafeInteger(sent)) again.receivedEncodedLength = sent
  return again
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}
