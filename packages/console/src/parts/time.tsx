import { useSyncExternalStore } from 'react'
import { relativeTime, shortTime, wholeTime } from '../words/times.ts'

/** One clock for all that shows an age: it goes while somebody shows one, and looks. */
let ticks = 0
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  timer ??= setInterval(() => {
    if (document.hidden) return
    ticks++
    for (const one of watchers) one()
  }, 5_000)
  return () => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

export function useNow(): Date {
  useSyncExternalStore(watch, () => ticks)
  return new Date()
}

/** A moment, short; all of it with its zone under the pointer. */
export function Time({ at }: { at: string }) {
  const moment = new Date(at)
  return (
    <time dateTime={at} title={wholeTime(moment)}>
      {shortTime(moment, useNow())}
    </time>
  )
}

/** How long ago something was. A server whose clock is ahead of the browser's is not ahead of what happens. */
export function Age({ at }: { at: string }) {
  const moment = new Date(at)
  const now = useNow()
  return (
    <time dateTime={at} title={wholeTime(moment)}>
      {relativeTime(moment < now ? moment : now, now)}
    </time>
  )
}
