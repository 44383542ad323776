import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { nameField, proveMessage, takeMessage } from '../../operate/index.ts'
import { bearerOf } from '../credentials.ts'
import { answering } from '../door.ts'

const nothing = z.strictObject({})

/** Bytes of a message. */
const MOST_BYTES = 256_000

/**
 * A program elsewhere says that something is to be looked at. Whatever comes of it, whoever proves that he is its sender is answered
 * the same; anybody else learns nothing, not even whether there is such a hook.
 */
export const deliverDoor = answering({
  method: 'POST',
  path: '/hooks/{hook}/deliver',
  about:
    'Takes a message for a hook, as Standard Webhooks have it; what came of it is told to who may see the hook',
  anonymous: true,
  raw: { bytes: MOST_BYTES, headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'] },
  status: 202,
  params: z.strictObject({ hook: nameField }),
  query: nothing,
  body: nothing,
  answer: z.strictObject({ delivery: z.number() }),
  enter: async ({ request, reply, given, store, config, limit }) => {
    const hook = String(given.params.hook)
    const message = { hook, proof: proofIn(request.headers), body: bytesOf(request.body) }
    const proven = await proveMessage({ store, config }, message)
    await limit(request, reply, `hook:${proven.id}`)
    const { delivery, act } = await takeMessage({ store, config }, proven, message)
    await act()
    return { delivery }
  },
})

function proofIn(headers: IncomingHttpHeaders) {
  const one = (name: string) => String(headers[name] ?? '')
  return {
    id: one('webhook-id'),
    timestamp: one('webhook-timestamp'),
    signature: one('webhook-signature'),
    secret: bearerOf(headers) ?? '',
  }
}

function bytesOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}
