import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { awaitBootstrap } from './beginning.ts'
import { type Interruption, Watch } from './interruption.ts'
import type { Job, JobEnd, ProcessEnd } from './method.ts'
import { OutputRelay } from './output-relay.ts'
import { within } from './within.ts'

/** A bootstrap that runs somewhere and waits for its script. */
export interface Process {
  stdin: Writable
  stdout: Readable
  stderr: Readable
  /** The process is over, or the way to it is gone. */
  exited: Promise<ProcessEnd>
  /** Both streams have ended as well, which a daemon that inherited them may put off for ever. */
  closed: Promise<ProcessEnd>
  /** Ends the process group over there; whether nothing of it is left. */
  endGroup(group: number): Promise<boolean>
  /** Ends what a login started before, or instead of, the bootstrap. */
  endLogin(): Promise<void>
  /** Lets go of the streams, whatever still holds their other ends. */
  abandon(): void
}

/** How long output may trail behind an exit status when something keeps the streams open. */
const trailingOutput = 3000
/** How long the bootstrap may take to tell its process group when the job is to be ended. */
const groupPatience = 2000

/** Waits until the bootstrap runs, sends it a job's script, and stays with it to the end. */
export async function supervise(server: string, process: Process, job: Job): Promise<JobEnd> {
  const relay = new OutputRelay(process.stdout, process.stderr, job)
  // A script that ends before it has read everything says so by its exit status, not by a broken pipe.
  process.stdin.on('error', () => {})
  try {
    const refused = await awaitBootstrap(server, completed(process, relay), relay, job)
    if (refused === null) return await attend(server, process, relay, job)
    if ((await within(process.exited, 0, null)) === null) await process.endLogin()
    return refused
  } finally {
    process.abandon()
  }
}

async function attend(server: string, process: Process, relay: OutputRelay, job: Job): Promise<JobEnd> {
  const watch = new Watch(job, relay)
  try {
    send(process, job)
    const end = await Promise.race([completed(process, relay), watch.interrupted])
    if (end.kind !== 'exited' && end.kind !== 'lost') return await interrupted(server, end, process, relay)
    await Promise.race([relay.finish(), relay.failed])
    return end
  } catch (error) {
    await endProcess(process, relay)
    throw error
  } finally {
    watch.stop()
  }
}

function send(process: Process, job: Job): void {
  job.onStart()
  const script = Buffer.from(job.script.buffer, job.script.byteOffset, job.script.byteLength)
  if (job.input === undefined) process.stdin.end(script)
  else {
    process.stdin.write(script)
    job.input.pipe(process.stdin)
  }
}

async function completed(process: Process, relay: OutputRelay): Promise<ProcessEnd> {
  return Promise.race([process.closed, process.exited.then((end) => afterTrailingOutput(end, relay))])
}

async function afterTrailingOutput(end: ProcessEnd, relay: OutputRelay): Promise<ProcessEnd> {
  // Unreferenced, because usually the streams end at once and nobody waits for these timers.
  for (let left = trailingOutput; left > 0; left = trailingOutput - relay.quiet)
    await sleep(left, undefined, { ref: false })
  return end
}

async function interrupted(
  server: string,
  how: Interruption,
  process: Process,
  relay: OutputRelay,
): Promise<JobEnd> {
  if (await endProcess(process, relay)) return how
  const what = how.kind === 'cancelled' ? 'it was cancelled' : `its ${how.which} timeout passed`
  return { kind: 'lost', reason: `${server}: ${what}, but the script there could not be ended` }
}

/** Ends the process there; whether it is certain that nothing of it runs. */
async function endProcess(process: Process, relay: OutputRelay): Promise<boolean> {
  const group = await within(relay.group, groupPatience, null)
  const gone = group !== null && (await process.endGroup(group))
  const last = gone ? await within(process.closed, groupPatience, null) : null
  await within(relay.finish(), groupPatience, undefined)
  return gone || last?.kind === 'exited'
}
