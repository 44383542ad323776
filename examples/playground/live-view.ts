import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from 'orchestrajs'
import { describeNews, type Paint } from './describe.ts'
import { NewsReader } from './news.ts'

const channels = ['orchestra_change', 'orchestra_wake', 'orchestra_log', 'orchestra_settled']
/** Milliseconds after which it looks by itself. */
const lookAgain = 500
/** Milliseconds between two looks while much happens. */
const breath = 40

export interface LiveViewOptions {
  store: Store
  paint: Paint
  print(line: string): void
  onError(error: unknown): void
}

/** Prints every unit, script and outcome as it happens, until it is stopped. */
export async function startLiveView(options: LiveViewOptions): Promise<{ stop(): Promise<void> }> {
  const { store, paint, print } = options
  const reader = await NewsReader.from(store)
  const end = new AbortController()
  let bell = Promise.withResolvers<void>()
  const listener = store.listen(channels, () => bell.resolve())
  const look = async () => {
    for (const news of await reader.next()) for (const line of describeNews(news, paint)) print(line)
  }
  const watch = async () => {
    while (!end.signal.aborted) {
      bell = Promise.withResolvers()
      await look().catch(options.onError)
      await Promise.race([bell.promise, pause(lookAgain, end.signal)])
      await pause(breath, end.signal)
    }
    await look().catch(options.onError)
  }
  const watching = watch()
  return {
    stop: async () => {
      end.abort()
      await watching
      await listener.close()
    },
  }
}

/** Ends early, without an error, when the signal aborts. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}
