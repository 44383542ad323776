/** A thing that can be switched off and on again. */
export interface Powered {
  readonly isOn: boolean
  on(): Promise<void>
  off(): Promise<void>
}

interface Running {
  stop(): Promise<void>
}

/** Switches in the order in which it is asked: of two at once the second waits. */
export function powered(first: Running, start: () => Promise<Running>): Powered {
  let running: Running | undefined = first
  let last: Promise<void> = Promise.resolve()
  const next = (change: () => Promise<void>) => {
    last = last.then(change, change)
    return last
  }
  return {
    get isOn() {
      return running !== undefined
    },
    on: () =>
      next(async () => {
        running ??= await start()
      }),
    off: () =>
      next(async () => {
        const ending = running
        running = undefined
        await ending?.stop()
      }),
  }
}
