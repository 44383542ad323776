import type { JobEnd, ServerTarget } from './method.ts'
import type { Shelf } from './shelf.ts'
import type { SessionAnswer } from './wire.ts'

/** Why there is no connection. Nothing was sent. */
export type ConnectFailure = Extract<JobEnd, { kind: 'unreachable' | 'host-key' | 'denied' }>

/** A connection with its login done, over which several sessions may run. */
export interface Connection {
  readonly kind: 'connected'
  /** What stays on it between scripts. */
  readonly shelf: Shelf
  /** Why the connection is over; null while it stands. */
  readonly broken: string | null
  onBroken(listener: () => void): void
  /** Ends the connection in good order. */
  end(): void
  /** Drops the connection without waiting for the other side. */
  destroy(): void
}

/** Makes a connection to a server within so many milliseconds, unless the signal says that nobody wants it. */
export type Connect<C extends Connection> = (
  target: ServerTarget,
  timeout: number,
  signal: AbortSignal,
) => Promise<C | ConnectFailure>

/** A use of a pooled connection, until it is released. */
export interface Lease<C extends Connection> {
  kind: 'leased'
  connection: C
  /** Whether others use or used the connection: it may have died unnoticed, or have no session left. */
  shared: boolean
  release(): void
  /** Gives the connection to nobody any more; those who use it keep it. */
  retire(): void
}

/** A session that was opened, with the lease it runs on. */
export interface Opened<C extends Connection, Session> {
  kind: 'opened'
  session: Session
  lease: Lease<C>
}

/** Opens a session over a connection within so many milliseconds. */
export type OpenSession<C extends Connection, Session> = (
  connection: C,
  patience: number,
) => Promise<SessionAnswer<Session>>

interface Slot<C extends Connection> {
  key: string
  opening: Promise<C | ConnectFailure>
  connection: C | null
  uses: number
  expiry: NodeJS.Timeout | undefined
}

/**
 * Below sshd's default of ten sessions a connection, with room for those that nobody uses at the moment (two, see `shelf.ts`), and for
 * the commands that end a script.
 */
const sessionsPerConnection = 6
/** How long a connection that nobody uses is kept. */
const keepUnused = 300_000
/** A shared connection that does not open a session for this long is taken for dead. */
const sharedPatience = 4000

/** Keeps connections to servers open between scripts. */
export class ConnectionPool<C extends Connection> {
  readonly #connect: Connect<C>
  readonly #slots = new Set<Slot<C>>()
  #closing = new AbortController()

  constructor(connect: Connect<C>) {
    this.#connect = connect
  }

  /** A place on a connection that stands, or else on a new one. */
  async lease(target: ServerTarget, timeout: number): Promise<Lease<C> | ConnectFailure> {
    const key = connectionKey(target)
    const slot = this.#usable(key) ?? this.#open(key, target, timeout)
    slot.uses += 1
    clearTimeout(slot.expiry)
    const shared = slot.connection !== null || slot.uses > 1
    const connection = await slot.opening
    if (connection.kind !== 'connected') return connection
    const release = once(() => this.#release(slot))
    return { kind: 'leased', connection, shared, release, retire: () => this.#slots.delete(slot) }
  }

  /** Opens a session. Where a shared connection gives none, a new one does: nothing was sent on the old. */
  async open<Session>(
    target: ServerTarget,
    timeout: number,
    openSession: OpenSession<C, Session>,
  ): Promise<Opened<C, Session> | ConnectFailure> {
    const deadline = Date.now() + timeout
    for (;;) {
      const lease = await this.lease(target, deadline - Date.now())
      if (lease.kind !== 'leased') return lease
      const left = deadline - Date.now()
      const patience = lease.shared ? Math.min(sharedPatience, left / 2) : left
      const answer = await openSession(lease.connection, patience)
      if (answer.kind === 'session') return { kind: 'opened', session: answer.session, lease }
      if (answer.kind === 'none') lease.retire()
      lease.release()
      if (answer.kind === 'denied') return answer
      if (!lease.shared || Date.now() >= deadline)
        return { kind: 'unreachable', reason: `${target.name}: ${answer.reason}` }
    }
  }

  /** Ends all connections and gives up those that are being made. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#closing = new AbortController()
    const slots = [...this.#slots]
    this.#slots.clear()
    await Promise.all(slots.map(closeSlot))
  }

  #usable(key: string): Slot<C> | undefined {
    for (const slot of this.#slots)
      if (slot.key === key && slot.uses < sessionsPerConnection && !slot.connection?.broken) return slot
    return undefined
  }

  #open(key: string, target: ServerTarget, timeout: number): Slot<C> {
    const opening = this.#connect(target, timeout, this.#closing.signal)
    const slot: Slot<C> = { key, opening, connection: null, uses: 0, expiry: undefined }
    this.#slots.add(slot)
    opening.then(
      (answer) => this.#opened(slot, answer),
      () => this.#slots.delete(slot),
    )
    return slot
  }

  #opened(slot: Slot<C>, answer: C | ConnectFailure): void {
    if (answer.kind !== 'connected') {
      this.#slots.delete(slot)
      return
    }
    slot.connection = answer
    answer.onBroken(() => this.#slots.delete(slot))
  }

  #release(slot: Slot<C>): void {
    slot.uses -= 1
    if (slot.uses > 0) return
    if (!this.#slots.has(slot)) {
      slot.connection?.end()
      return
    }
    slot.expiry = setTimeout(() => {
      this.#slots.delete(slot)
      slot.connection?.end()
    }, keepUnused)
    slot.expiry.unref()
  }
}

/** Everything that makes a connection another one. A new approved key must not ride on an old connection. */
function connectionKey(target: ServerTarget): string {
  const { name, host, port, user, hostKey, identityFile } = target
  return JSON.stringify([name, host, port, user, hostKey, identityFile])
}

async function closeSlot<C extends Connection>(slot: Slot<C>): Promise<void> {
  clearTimeout(slot.expiry)
  const connection = await slot.opening.catch(() => null)
  if (connection?.kind !== 'connected') return
  await connection.shelf.close()
  connection.end()
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    action()
  }
}
