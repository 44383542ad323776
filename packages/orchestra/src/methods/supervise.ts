import { setTimeout as sleep } from 'node:timers/promises'
import { awaitBootstrap } from './beginning.ts'
import { type Interruption, Watch } from './interruption.ts'
import type { Job, JobEnd } from './method.ts'
import { OutputRelay } from './output-relay.ts'
import type { Bash, ProcessEnd } from './wire.ts'
import { within } from './within.ts'

/** A bootstrap that runs somewhere and waits for its script. */
export interface Process extends Bash {
  /** Ends the process group over there; whether nothing of it is left. */
  endGroup(group: number): Promise<boolean>
}

/** How long output may trail behind an exit status when something keeps the streams open. */
const trailingOutput = 3000
/** How long the bootstrap may take to tell its process group when the job is to be ended. */
const groupPatience = 2000

/** Waits until the bootstrap runs, sends it a job's script, and stays with it to the end. */
export async function supervise(server: string, process: Process, job: Job): Promise<JobEnd> {
  const relay = new OutputRelay(process.stdout, process.stderr, job)
  try {
    const refused = await awaitBootstrap(server, completed(process, relay), relay, job)
    if (refused === null) return await attend(server, process, relay, job)
    process.giveUp()
    if ((await within(process.exited, 0, null)) === null) await process.endLogin()
    return refused
  } finally {
    process.leave()
  }
}

async function attend(server: string, process: Process, relay: OutputRelay, job: Job): Promise<JobEnd> {
  const watch = new Watch(job, relay)
  try {
    job.onStart()
    process.send(job)
    const end = await Promise.race([completed(process, relay), watch.interrupted])
    if (end.kind !== 'exited' && end.kind !== 'lost') return await interrupted(server, end, process, relay)
    if (end.kind === 'exited' && end.signal !== null) return await killed(server, end, process, relay)
    await Promise.race([relay.finish(), relay.failed])
    return end
  } catch (error) {
    await endProcess(process, relay)
    throw error
  } finally {
    watch.stop()
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

/** Whoever killed the bash of a script left alone what it had started, which goes on beside whatever comes next. */
async function killed(
  server: string,
  end: ProcessEnd & { kind: 'exited' },
  process: Process,
  relay: OutputRelay,
): Promise<JobEnd> {
  if (await endGroup(process, relay)) return end
  const reason = `${server}: its bash was ended by signal ${end.signal}, but what it had started could not be ended`
  return { kind: 'lost', reason }
}

/** Ends the process there; whether it is certain that nothing of it runs. */
async function endProcess(process: Process, relay: OutputRelay): Promise<boolean> {
  const gone = await endGroup(process, relay)
  const last = gone ? await within(process.closed, groupPatience, null) : null
  await within(relay.finish(), groupPatience, undefined)
  return gone || last?.kind === 'exited'
}

async function endGroup(process: Process, relay: OutputRelay): Promise<boolean> {
  process.giveUp()
  const group = await within(relay.group, groupPatience, null)
  return group !== null && (await process.endGroup(group))
}
