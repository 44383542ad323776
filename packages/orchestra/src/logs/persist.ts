import { setTimeout as sleep } from 'node:timers/promises'
import { isTransient } from './index.ts'

const FIRST_DELAY = 100
const LAST_DELAY = 5_000
/** Milliseconds after a stop during which what happened may still be recorded; then the next owner finds it out. */
const PATIENCE_AFTER_STOP = 5_000

/** Repeats a write while the store is away or others lock what it needs: what happened on a server must not be lost. */
export async function persist<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  let stoppedAt: number | undefined
  for (let delay = FIRST_DELAY; ; delay = Math.min(delay * 2, LAST_DELAY)) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted) stoppedAt ??= Date.now()
      if (!isTransient(error) || (stoppedAt !== undefined && Date.now() - stoppedAt > PATIENCE_AFTER_STOP))
        throw error
    }
    await sleep(delay)
  }
}
