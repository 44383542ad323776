import type { Job, JobEnd } from './method.ts'
import type { OutputRelay } from './output-relay.ts'
import type { ProcessEnd } from './wire.ts'

/** Why bash does not begin; nothing of the script was sent. */
export type NotBegun = Extract<JobEnd, { kind: 'unreachable' | 'denied' | 'cancelled' }>

/**
 * Waits until the bootstrap says that it runs, and only then may the script be sent: whatever else a login starts instead, another
 * shell above all, would read it and run parts of it. Answers null when it runs.
 */
export async function awaitBootstrap(
  server: string,
  ended: Promise<ProcessEnd>,
  relay: OutputRelay,
  job: Job,
): Promise<NotBegun | null> {
  const givenUp = Promise.withResolvers<NotBegun>()
  const cancel = () => givenUp.resolve({ kind: 'cancelled' })
  const tooLate = () => givenUp.resolve(silent(server, job.timeouts.connect))
  const timer = setTimeout(tooLate, job.timeouts.connect)
  job.signal.addEventListener('abort', cancel, { once: true })
  if (job.signal.aborted) cancel()
  try {
    return await Promise.race([
      relay.group.then(() => null),
      ended.then((end) => notBegun(server, end, relay)),
      relay.endless.then(() => endless(server, relay)),
      givenUp.promise,
    ])
  } finally {
    clearTimeout(timer)
    job.signal.removeEventListener('abort', cancel)
  }
}

function silent(server: string, milliseconds: number): NotBegun {
  return { kind: 'unreachable', reason: `${server}: ${silentLogin(milliseconds)}` }
}

function endless(server: string, { greeting }: OutputRelay): NotBegun {
  const reason = `${server}: the login prints without end before bash begins; nothing was sent: ${greeting.slice(-200)}`
  return { kind: 'denied', reason }
}

/** Why a login that opened a session says nothing. */
export function silentLogin(milliseconds: number): string {
  return (
    `the login did not start bash within ${milliseconds} ms: a start-up file of its shell there (~/.bashrc, ~/.zshenv, ` +
    '/etc/bash.bashrc) starts another shell or waits for something; nothing was sent'
  )
}

function notBegun(server: string, end: ProcessEnd, { greeting }: OutputRelay): NotBegun {
  if (end.kind === 'lost') return { kind: 'unreachable', reason: end.reason }
  const how = end.signal ?? `exit ${end.code}`
  return { kind: 'denied', reason: `${server}: bash did not begin (${how}): ${greeting}` }
}
