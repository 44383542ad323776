import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, Store } from '../store/index.ts'
import { spend, type Ticket, Tickets } from './tickets.ts'

/** Milliseconds between looks whether others have ended. */
const INTERVAL = 25
/** Who loads and renders in its transaction may be silent for so long, and who is stopped in it keeps the others from deciding. */
const OPENING = `begin; set local idle_in_transaction_session_timeout = '60s'`

/**
 * Runs a transaction while nobody decides anything: for what must be written as a whole as it was compared, or not at all. Nobody new
 * begins while it waits for those who have begun.
 */
export async function decidingAlone<Result>(
  store: Store,
  work: (tx: Connection) => Promise<Result>,
): Promise<Result> {
  const tickets = new Tickets(`alone ${process.pid}`)
  const name = `alone ${randomUUID()}`
  for (;;) {
    const ticket = await turnOf(store, tickets, name)
    try {
      const ended = await store.transaction(
        async (tx) => ((await spend(tx, ticket)) ? { result: await work(tx) } : undefined),
        store.kind === 'postgres' ? { opening: OPENING } : {},
      )
      if (ended !== undefined) return ended.result
    } catch (error) {
      await tickets.release(store, ticket).catch(() => undefined)
      throw error
    }
  }
}

async function turnOf(store: Store, tickets: Tickets, name: string): Promise<Ticket> {
  for (;;) {
    const queued = await tickets.queue(store, name, { names: null, models: [] })
    if (queued.kind === 'taken') return queued.ticket
    await sleep(INTERVAL)
  }
}
