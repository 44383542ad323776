import { setTimeout as sleep } from 'node:timers/promises'
import { Bell, type Store } from '../store/index.ts'

/** What one look found, and whether nothing of it goes on by itself. */
export interface Look<Value> {
  value: Value
  ended: boolean
}

/** Ends when somebody would wait no more, or has left. */
export async function patience(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1_000, undefined, { signal, ref: false }).catch(() => undefined)
}

/**
 * Looks again at each ring until it has ended, or whoever looks leaves.
 * @param shortest milliseconds between two looks, where changes come in crowds
 */
export async function follow<Value>(
  store: Store,
  look: () => Promise<Look<Value>>,
  leaving: Promise<unknown>,
  shortest = 0,
): Promise<{ value: Value; left: boolean }> {
  const bell = new Bell(store)
  let left = false
  void leaving.then(() => {
    left = true
  })
  try {
    for (;;) {
      const rung = bell.wait()
      const { value, ended } = await look()
      if (ended || left) return { value, left: left && !ended }
      await Promise.race([Promise.all([rung, sleep(shortest)]), leaving])
    }
  } finally {
    await bell.close()
  }
}
