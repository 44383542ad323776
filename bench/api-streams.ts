import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

/** Streams of events that are open, and what they have heard. */
export interface Listeners {
  /** When each of them has heard the text. */
  hears(text: string): Promise<number[]>
  close(): void
}

/** Connections that are opened at once: more than listen() keeps waiting would be tried again a second later. */
const AT_ONCE = 200
/** Addresses of the loopback that connections come from: of each there are 28,000 ports, and as many rest for a minute once they are closed. */
const ADDRESSES = 4

export async function listenTo(url: string, token: string, count: number): Promise<Listeners> {
  const streams: IncomingMessage[] = []
  while (streams.length < count) {
    const next = Array.from({ length: Math.min(AT_ONCE, count - streams.length) }, (_, at) =>
      openStream(url, token, `127.0.0.${2 + (at % ADDRESSES)}`),
    )
    streams.push(...(await Promise.all(next)))
  }
  return {
    hears: (text) => Promise.all(streams.map((stream) => untilHeard(stream, text))),
    close: () => {
      for (const stream of streams) stream.destroy()
    },
  }
}

async function openStream(url: string, token: string, localAddress: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}` }
  const request = get(`${url}/events/stream`, { agent: false, headers, localAddress })
  const [stream] = (await once(request, 'response')) as [IncomingMessage]
  if (stream.statusCode !== 200) throw new Error(`A stream was answered by ${stream.statusCode}`)
  stream.setEncoding('utf8')
  stream.on('error', () => undefined)
  return stream
}

function untilHeard(stream: IncomingMessage, text: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let heard = ''
  const hear = (more: string) => {
    heard += more
    if (!heard.includes(text)) return
    stream.off('data', hear)
    stream.off('end', end)
    resolve(performance.now())
  }
  const end = () => reject(new Error('A stream ended'))
  stream.on('data', hear)
  stream.once('end', end)
  return promise
}
