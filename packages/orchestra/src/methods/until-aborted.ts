const aborted: unique symbol = Symbol('aborted')

/** The value of a promise, or `cancelled` once the signal aborts; a value that comes too late goes to `drop`. */
export async function untilAborted<Value>(
  signal: AbortSignal,
  promise: Promise<Value>,
  drop: (late: Value) => void = () => {},
): Promise<Value | { kind: 'cancelled' }> {
  const { promise: abortion, resolve } = Promise.withResolvers<typeof aborted>()
  const listener = () => resolve(aborted)
  signal.addEventListener('abort', listener, { once: true })
  if (signal.aborted) listener()
  try {
    const first = await Promise.race([promise, abortion])
    if (first !== aborted) return first
    promise.then(drop, () => {})
    return { kind: 'cancelled' }
  } finally {
    signal.removeEventListener('abort', listener)
  }
}
