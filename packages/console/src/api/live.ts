import { ApiError, Client } from 'orchestrajs/client'
import { base } from './client.ts'
import { concerns, type Happening } from './concerns.ts'
import { type Key, queries } from './queries.ts'

/** Whether what is shown is as it is now. */
export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  /** Since when nothing is heard. */
  | { state: 'offline'; since: number }

type Message =
  | { kind: 'happened'; happenings: Happening[] }
  | { kind: 'connection'; connection: Connection }
  /** A page that has just come wants to know. */
  | { kind: 'hello' }

/** Milliseconds in which news are gathered: a person sees no difference, the server does. */
const GATHERED = 400
/** Milliseconds before a stream that could not be had is asked for again. */
const REST = 2_000
const NAME = `orchestra-live ${base.href}`

let connection: Connection = { state: 'connecting' }
const watchers = new Set<() => void>()

export function watchConnection(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

export function currentConnection(): Connection {
  return connection
}

/**
 * Keeps what is shown as it is. Of all pages of a browser one reads the stream and tells the others, because a browser has six
 * connections to a server; when it closes, the next one goes on.
 */
export function stayLive(signal: AbortSignal): void {
  const channel = new BroadcastChannel(NAME)
  let leads = false
  const gathering = new Gathering()
  const say = (message: Message) => {
    channel.postMessage(message)
    hear(message)
  }
  const hear = (message: Message) => {
    if (message.kind === 'happened') gathering.add(message.happenings)
    else if (message.kind === 'connection') changeTo(message.connection)
    else if (leads) channel.postMessage({ kind: 'connection', connection } satisfies Message)
  }
  channel.addEventListener('message', ({ data }) => hear(data as Message))
  signal.addEventListener('abort', () => channel.close())
  channel.postMessage({ kind: 'hello' } satisfies Message)
  const lead = async () => {
    leads = true
    await follow(say, signal)
  }
  // Pages that did not come by TLS have no locks: each reads for itself.
  if (navigator.locks === undefined) void lead()
  else void navigator.locks.request(NAME, { signal }, lead).catch(() => undefined)
}

async function follow(say: (message: Message) => void, signal: AbortSignal): Promise<void> {
  let wasLost = false
  const opened: typeof fetch = async (...asked) => {
    const response = await fetch(...asked)
    if (response.ok && connection.state !== 'live') {
      // What happened meanwhile was told to nobody.
      if (wasLost) void queries.invalidateQueries()
      say({ kind: 'connection', connection: { state: 'live' } })
    }
    return response
  }
  const stream = new Client({ url: base, fetch: opened, patience: { tries: 1 } })
  while (!signal.aborted) {
    try {
      for await (const { data } of stream.follow('GET /events/stream', {}, { signal }))
        say({ kind: 'happened', happenings: [data] })
    } catch (error) {
      if (signal.aborted) return
      // Who is out is told so by the page that asks who he is.
      if (error instanceof ApiError && error.status === 401)
        void queries.invalidateQueries({ queryKey: ['GET /me'] })
      if (connection.state !== 'offline')
        say({ kind: 'connection', connection: { state: 'offline', since: Date.now() } })
      wasLost = true
    }
    await new Promise((resolve) => setTimeout(resolve, REST))
  }
}

function changeTo(next: Connection): void {
  const wasOffline = connection.state === 'offline'
  connection = next
  if (wasOffline && next.state === 'live') void queries.invalidateQueries()
  for (const watcher of watchers) watcher()
}

/** Looks again at what news concern, a batch at a time: no faster than answers come. */
class Gathering {
  #happenings: Happening[] = []
  #isAtWork = false

  add(happenings: readonly Happening[]): void {
    this.#happenings.push(...happenings)
    if (!this.#isAtWork) void this.#work()
  }

  async #work(): Promise<void> {
    this.#isAtWork = true
    while (this.#happenings.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, GATHERED))
      const batch = this.#happenings.splice(0)
      const isConcerned = ({ queryKey }: { queryKey: readonly unknown[] }) =>
        batch.some((happening) => concerns(happening, queryKey as Key))
      // A page that nobody looks at waits until somebody does.
      const refetchType = document.hidden ? 'none' : 'active'
      await queries.invalidateQueries({ predicate: isConcerned, refetchType })
    }
    this.#isAtWork = false
  }
}
