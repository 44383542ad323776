import type { Command } from 'commander'
import type { SyncShown } from '../operate/index.ts'
import { isSettled, isUnfinished, syncShow, syncStart } from '../operate/index.ts'
import type { Counts, InspectionStatus, SyncStatus } from '../sync/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { driftLines } from './drift.ts'
import { expectWorker, follow, hasWorker } from './follow.ts'
import type { Ending, Session } from './session.ts'
import { addSyncCancelCommand } from './sync-cancel.ts'
import { addSyncListCommand } from './sync-list.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'
import { bar, Progress, workText } from './work-progress.ts'

interface SyncOptions {
  server?: string
  backend?: string
  object?: string
  check?: boolean
  allowDeletes?: number
  detach?: boolean
}

export function addSyncCommand(program: Command, act: Act): void {
  const sync = program
    .command('sync')
    .description(
      'Make everything as the database has it: compare it with what was placed, then ask the servers',
    )
    .option('--server <server>', 'On this server only')
    .option('--backend <backend>', 'Of this backend only')
    .option('--object <object>', 'This object only, for example site:12')
    .option('--check', 'Change nothing: tell what the servers have otherwise')
    .option(
      '--allow-deletes <count>',
      'How many objects of one backend on one server it may remove',
      wholeNumber(0),
    )
    .option('--detach', 'Do not wait for its end')
    .action(act(syncCommand))
  withExamples(
    sync,
    'sync',
    'sync --server web1 --backend nginx-site',
    'sync --check',
    'sync --object site:12',
  )
  addSyncListCommand(sync, act)
  addSyncCancelCommand(sync, act)
}

async function syncCommand(session: Session, options: SyncOptions): Promise<Ending> {
  const { terminal } = session
  const { check = false, detach = false, ...asked } = options
  const { id } = await session.run(syncStart, { ...asked, mode: check ? 'check' : 'sync' })
  const worked = await expectWorker(session)
  if (detach) {
    terminal.tell({ id }, `synchronization ${id} goes on in the worker: orchestra status`)
    return 'done'
  }
  const { status, left } = worked
    ? await watchSync(session, id)
    : { status: await session.run(syncShow, { id }), left: true }
  const { findings } = status
  terminal.tell(
    status,
    ...syncLines(status, terminal),
    ...(findings === undefined ? [] : driftLines(findings, terminal)),
  )
  if (left) terminal.note(`synchronization ${id} goes on in the worker: orchestra status`)
  return isUnfinished(status) || (check && hasDrift(status)) ? 'unfinished' : 'done'
}

/** Follows a synchronization to its end, or until somebody presses Ctrl-C or the last worker is gone. */
async function watchSync(session: Session, id: number): Promise<{ status: SyncShown; left: boolean }> {
  const progress = new Progress(session.terminal)
  let worked = true
  try {
    const { value: status, left } = await follow(session, async () => {
      const status = await session.run(syncShow, { id })
      progress.show(progressText(status))
      worked = isSettled(status) || (await hasWorker(session))
      return { value: status, ended: isSettled(status) || !worked }
    })
    if (!worked) session.terminal.note('no worker runs any more: start one with `orchestra up`')
    return { status, left: left || !worked }
  } finally {
    progress.close()
  }
}

function progressText({ state, counts, inspections, work }: SyncStatus): string {
  if (state === 'comparing') return `comparing ${bar(counts.seen, counts.total)} ${counts.seen} keys`
  if (state !== 'inspecting') return workText(work)
  const total = inspections.reduce((sum, one) => sum + one.total, 0)
  const seen = inspections.reduce((sum, one) => sum + one.seen, 0)
  return `asking the servers ${bar(seen, total)} ${seen} of ${total} objects`
}

const shownCounts = [
  'created',
  'updated',
  'renamed',
  'moved',
  'deleted',
  'unchanged',
  'waiting',
  'invalid',
] as const satisfies (keyof Counts)[]

function syncLines(status: SyncStatus, terminal: Terminal): string[] {
  const { id, mode, state, counts, work, inspections, error } = status
  const compared = shownCounts.filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`)
  const colour = isSettled(status) && state !== 'done' ? 'red' : 'green'
  return [
    `${mode === 'check' ? 'check' : 'synchronization'} ${id}: ${terminal.colour(colour, state)}`,
    ...(error === null ? [] : [oneLine(error)]),
    ...(compared.length === 0 ? [] : [`compared: ${compared.join(', ')}`]),
    ...inspections.map(inspectionLine),
    ...(work.done + work.waiting + work.running === 0 ? [] : [workText(work)]),
  ]
}

/** `inSync` as people write it. */
function spelt(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

/** Whether servers have otherwise what they should have, however much of it is listed. */
function hasDrift({ inspections }: SyncStatus): boolean {
  return inspections.some(
    ({ counts: { drifted = 0, missing = 0, inTheWay = 0 } }) => drifted + missing + inTheWay > 0,
  )
}

function inspectionLine({ server, backend, state, seen, total, counts, error }: InspectionStatus): string {
  const found = Object.entries(counts).flatMap(([name, count]) =>
    count > 0 ? [`${count} ${spelt(name)}`] : [],
  )
  const what = found.length === 0 ? `${seen} of ${total} objects` : found.join(', ')
  return `${backend} on ${server}: ${state}, ${what}${error === null ? '' : `: ${oneLine(error)}`}`
}
