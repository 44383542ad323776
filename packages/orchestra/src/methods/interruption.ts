import type { Job, JobEnd } from './method.ts'
import type { OutputRelay } from './output-relay.ts'

export type Interruption = Extract<JobEnd, { kind: 'timeout' | 'cancelled' }>

/** Watches for what ends a running job early: its timeouts, its signal, or its own failure to take output. */
export class Watch {
  /** Resolves when the job must be ended; rejects when `onOutput` failed. */
  readonly interrupted: Promise<Interruption>
  readonly #stop: () => void

  constructor(job: Job, relay: OutputRelay) {
    const cleanups: (() => void)[] = []
    const cut = new Promise<Interruption>((resolve) => {
      cleanups.push(
        watchTotal(job, resolve),
        watchIdle(job, relay, resolve),
        watchSignal(job.signal, resolve),
      )
    })
    this.interrupted = Promise.race([cut, relay.failed])
    this.interrupted.catch(() => {})
    this.#stop = () => {
      for (const cleanup of cleanups) cleanup()
    }
  }

  stop(): void {
    this.#stop()
  }
}

function watchTotal(job: Job, interrupt: (how: Interruption) => void): () => void {
  const limit = job.timeouts.total
  if (limit === Number.POSITIVE_INFINITY) return () => undefined
  const timer = setTimeout(() => interrupt({ kind: 'timeout', which: 'total', limit }), limit)
  return () => clearTimeout(timer)
}

/** One timer that looks again when the silence would be long enough: output costs it nothing. */
function watchIdle(job: Job, relay: OutputRelay, interrupt: (how: Interruption) => void): () => void {
  const limit = job.timeouts.idle
  if (limit === Number.POSITIVE_INFINITY) return () => undefined
  let timer: NodeJS.Timeout
  const look = () => {
    const left = limit - relay.quiet
    if (left <= 0) interrupt({ kind: 'timeout', which: 'idle', limit })
    else timer = setTimeout(look, left)
  }
  look()
  return () => clearTimeout(timer)
}

function watchSignal(signal: AbortSignal, interrupt: (how: Interruption) => void): () => void {
  const cancel = () => interrupt({ kind: 'cancelled' })
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel, { once: true })
  return () => signal.removeEventListener('abort', cancel)
}
