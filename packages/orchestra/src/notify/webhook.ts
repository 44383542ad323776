import { type RequestOptions, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { Webhook } from 'standardwebhooks'
import { addressIn, isPublic, publicLookup, type Resolve, refusal, resolveBySystem } from './address.ts'

export interface WebhookTarget {
  url: string
  /** `whsec_...` */
  signingSecret: string
  allowsPrivate: boolean
}

export interface Post {
  /** The same for each try. */
  id: string
  at: Date
  body: string
}

const TIMEOUT = 10_000

/**
 * Posts a message as Standard Webhooks have it. Follows no redirect, and reads nothing of the answer but its status.
 * @throws Error that says why it did not arrive, and names no address
 */
export async function postWebhook(
  target: WebhookTarget,
  post: Post,
  resolve: Resolve = resolveBySystem,
): Promise<void> {
  const url = new URL(target.url)
  const address = addressIn(url)
  if (!target.allowsPrivate && address !== undefined && !isPublic(address)) throw new Error(refusal)
  const status = await send(
    url,
    {
      method: 'POST',
      agent: false,
      timeout: TIMEOUT,
      signal: AbortSignal.timeout(2 * TIMEOUT),
      headers: headersOf(target, post),
      ...(target.allowsPrivate ? {} : { lookup: publicLookup(resolve) }),
    },
    post.body,
  )
  if (status < 200 || status > 299) throw new Error(`it answered ${status}`)
}

function headersOf({ signingSecret }: WebhookTarget, { id, at, body }: Post): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'orchestra',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(signingSecret).sign(id, at, body),
  }
}

function send(url: URL, options: RequestOptions, body: string): Promise<number> {
  const request = url.protocol === 'https:' ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (answer) => {
      resolve(answer.statusCode ?? 0)
      answer.destroy()
    })
    asked.on('timeout', () => asked.destroy(new Error('it did not answer in time')))
    asked.on('error', reject)
    asked.end(body)
  })
}
