import type { Listener, Store } from '../store/index.ts'

type OnNotify = (channel: string, payload: string) => void

/** What streams listen to. */
const CHANNELS = ['orchestra_log', 'orchestra_settled', 'orchestra_wake']

/** A store whose listeners share one connection, however many there are: for streams, each of which would take one of its own. */
export function sharingListener(store: Store): Store {
  const listeners = new Set<{ channels: readonly string[]; onNotify: OnNotify }>()
  let shared: Listener | undefined
  const listen: Store['listen'] = (channels, onNotify) => {
    if (!channels.every((channel) => CHANNELS.includes(channel))) return store.listen(channels, onNotify)
    const own = { channels, onNotify }
    listeners.add(own)
    shared ??= store.listen(CHANNELS, (channel, payload) => {
      for (const one of listeners) if (one.channels.includes(channel)) one.onNotify(channel, payload)
    })
    return {
      close: async () => {
        if (!listeners.delete(own) || listeners.size > 0) return
        const last = shared
        shared = undefined
        await last?.close()
      },
    }
  }
  return { ...store, listen }
}
