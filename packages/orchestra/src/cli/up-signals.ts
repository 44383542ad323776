const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Signals that ask a worker to stop: the first politely, the second at once. */
export interface StopSignals {
  first: Promise<void>
  second: Promise<void>
  close(): void
}

export function stopSignals(): StopSignals {
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  let seen = false
  const onSignal = () => {
    if (seen) second.resolve()
    seen = true
    first.resolve()
  }
  for (const name of names) process.on(name, onSignal)
  const close = () => {
    for (const name of names) process.off(name, onSignal)
  }
  return { first: first.promise, second: second.promise, close }
}
