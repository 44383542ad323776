import { randomUUID } from 'node:crypto'
import { createLaneLog, createLogWriter } from '../../logs/index.ts'
import { persist } from '../../logs/persist.ts'
import { settle } from '../settle.ts'
import { rebuildWiped } from '../wiped.ts'
import type { AttemptOptions, AttemptRun } from './attempt-options.ts'
import { type AttemptEnd, again, Conclusion } from './conclusion.ts'
import { sendContent } from './content.ts'
import { listOperations, runningOperations } from './operations.ts'
import { StreamedSecrets } from './secrets.ts'
import { Sender } from './sender.ts'
import { patient, whyUnwritable } from './settle.ts'

/** Writes the whole configuration of a server once, with the changes of some operations, and records what came of it. */
export async function attempt(options: AttemptOptions): Promise<AttemptEnd> {
  const { context, claim, backend, selection } = options
  const runId = randomUUID()
  const logId = await persist(context.signal, () =>
    createLaneLog(
      context.store,
      {
        runId,
        serverId: claim.server.id,
        backend: backend.name,
        method: claim.server.method,
        script: '',
        fence: claim.fence,
        attempt: 1,
        operations: [],
      },
      claim.owner,
    ),
  )
  if (logId === undefined) return { kind: 'lost-lane' }
  context.onStarted(logId)
  const secrets = new StreamedSecrets()
  const writer = createLogWriter(context.store, { logId, secrets: secrets.named })
  const db = patient(context)
  try {
    const running = await listOperations(db, logId, selection)
    const end = await run(options, { runId, logId, db, writer, running }, secrets)
    if (end.kind === 'lost-lane') writer.abandon()
    return end
  } catch (error) {
    writer.abandon()
    throw error
  }
}

async function run(
  options: AttemptOptions,
  begun: AttemptRun,
  secrets: StreamedSecrets,
): Promise<AttemptEnd> {
  const { context, claim, backend, selection } = options
  const { runId, logId, db, writer } = begun
  const running = options.vetted ? begun.running : await vet(options, begun)
  if (running === 'lost-lane') return { kind: 'lost-lane' }
  const conclusion = new Conclusion(options, { ...begun, running })
  if (running === 0) return conclusion.finish({ kind: 'ran' })
  const sender = new Sender({ ...options, unmarked: claim.unmarked, runId, secrets, writer })
  const { keyring } = context.store
  const sent = await sendContent({ db, keyring, backend, selection, logId, secrets, sender })
  // Before anything of this run counts as placed.
  if (sender.metFresh) await rebuildWiped(db, claim.server)
  return conclusion.conclude(sent)
}

/** An object that cannot be written fails alone, before anything is sent. Answers how many operations run on. */
async function vet(
  options: AttemptOptions,
  { db, logId, running }: AttemptRun,
): Promise<number | 'lost-lane'> {
  const { context, claim, backend } = options
  let left = running
  for await (const page of runningOperations(db, logId)) {
    const failed = page.flatMap((operation) => {
      const why = whyUnwritable(backend, operation, context.store.keyring)
      return why === null ? [] : [again(operation, why, 'failure', options)]
    })
    if (failed.length === 0) continue
    left -= failed.length
    if (!(await persist(context.signal, () => settle(context, claim, logId, failed)))) return 'lost-lane'
  }
  return left
}
