import type { Command } from 'commander'
import type { UnknownWork } from '../generation/index.ts'
import { causesOf, statusRead, unknownText } from '../operate/index.ts'
import type { OperationView, PlacementView, ServerStatus, Status, WorkerStatus } from '../placements/index.ts'
import type { SyncView } from '../sync/index.ts'
import { age, endText, until } from './ages.ts'
import { causeLines } from './cause-lines.ts'
import { type Act, withExamples } from './command.ts'
import { transferText } from './explain.ts'
import { expectWorker } from './follow.ts'
import { operationLines } from './operation-lines.ts'
import type { Ending, Session } from './session.ts'
import { watch } from './status-watch.ts'
import { type Column, table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

interface StatusOptions {
  all?: boolean
  watch?: boolean
}

export function addStatusCommand(program: Command, act: Act): void {
  const status = program
    .command('status')
    .description('Where everything stands: what runs, what waits for what, what failed and why')
    .option('--all', 'Name each operation that failed, instead of equal causes together')
    .option('--watch', 'Show it again whenever it changes, until Ctrl-C')
    .action(act(statusCommand))
  withExamples(
    status,
    'status',
    'status --all',
    'status --watch',
    'status --json',
    'status || echo "something failed or is pending"',
  )
}

/** Operations that `--all` names one by one. */
const ALL = 10_000

async function statusCommand(session: Session, options: StatusOptions): Promise<Ending> {
  const { terminal } = session
  const all = options.all === true
  const read = () => session.run(statusRead, all ? { most: ALL } : {})
  let status = await read()
  const look = async () => {
    status = await read()
    return { document: status, lines: statusLines(status, terminal, all) }
  }
  // A worker that is started later could not have the embedded database while this has it open.
  if (options.watch === true && (await expectWorker(session))) await watch(session, look)
  else terminal.tell(status, ...statusLines(status, terminal, all))
  return isQuiet(status) ? 'done' : 'unfinished'
}

/** Nothing has failed, nothing is pending, and nothing differs because somebody cancelled it. */
export function isQuiet({ totals, servers, syncs, cancelled }: Status): boolean {
  const open = totals.waiting + totals.running + totals.undecided + totals.uncollected
  return (
    open + cancelled.length === 0 &&
    !syncs.some(hasStopped) &&
    servers.every((server) => server.blocked === null)
  )
}

/** @param all whether each operation is named, or each cause */
export function statusLines(status: Status, terminal: Terminal, all = false): string[] {
  const paint: Terminal['colour'] = (colour, text) => terminal.colour(colour, text)
  return [
    ...headLines(status),
    ...table(columns(terminal), status.servers, terminal.width),
    ...status.servers.flatMap(reasonLines),
    ...(all
      ? failureLines(status, terminal)
      : listed('Failed, and tried again:', causesLines(status, paint))),
    ...listed('Waits for somebody:', operationsOf(status.asking, terminal, all)),
    ...listed('Cancelled, and not as the database has it:', operationsOf(status.cancelled, terminal, all)),
    ...listed(
      'Synchronizations:',
      status.syncs.map((sync) => syncLine(sync, terminal)),
    ),
    ...listed('Belongs elsewhere, and its copy stays:', keptLines(status.kept, all)),
    ...listed('On its way:', status.transfers.map(transferText)),
    ...listed('Protected, and not removed:', refusedLines(status, terminal, all)),
  ]
}

function causesLines({ causes, totals, protected: refused }: Status, paint: Terminal['colour']): string[] {
  const counted = causes.reduce((sum, { count }) => sum + count, 0)
  const more = totals.failing + totals.undecided - refused.length - counted
  const isGrouped = causes.some(({ count }) => count > 1)
  return [
    ...causes.flatMap((cause) => causeLines(cause, paint)),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(isGrouped ? ['orchestra status --all names each of them'] : []),
  ]
}

function refusedLines({ protected: refused }: Status, terminal: Terminal, all: boolean): string[] {
  if (all) return refused.flatMap((operation) => operationLines(operation, terminal))
  const paint: Terminal['colour'] = (colour, text) => terminal.colour(colour, text)
  return causesOf(refused).flatMap((cause) => causeLines(cause, paint))
}

/** Of these, more are counted. */
const FEW = 5

function operationsOf(operations: readonly OperationView[], terminal: Terminal, all: boolean): string[] {
  const shown = all ? operations : operations.slice(0, FEW)
  const more = operations.length - shown.length
  return [
    ...shown.flatMap((operation) => operationLines(operation, terminal)),
    ...(more > 0 ? [`and ${more} more: orchestra status --all`] : []),
  ]
}

function keptLines(kept: readonly PlacementView[], all: boolean): string[] {
  const shown = all ? kept : kept.slice(0, FEW)
  const more = kept.length > shown.length ? ['and more: orchestra place list --state kept'] : []
  return [...shown.map(keptLine), ...more]
}

function listed(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines]
}

function hasStopped({ state }: SyncView): boolean {
  return state === 'stopped' || state === 'failed'
}

function syncLine(sync: SyncView, terminal: Terminal): string {
  const { id, mode, state, server, backend, object, actor, source, error, since } = sync
  const what = [
    ...(object === null ? [] : [oneLine(object)]),
    ...(backend === null ? [] : [`backend ${backend}`]),
    ...(server === null ? [] : [`server ${server}`]),
  ].join(', ')
  const who = oneLine(actor === null ? source : `${actor}, ${source}`)
  const colour = hasStopped(sync) ? 'red' : 'cyan'
  const name = mode === 'check' ? 'check' : 'synchronization'
  const why = error === null ? '' : `: ${oneLine(error)}`
  return `${name} ${id} of ${what || 'everything'} (${who}): ${terminal.colour(colour, state)} for ${age(since)}${why}`
}

function keptLine({ object, backend, server, keptAt }: PlacementView): string {
  const since = keptAt === null ? '' : ` for ${age(keptAt)}`
  return `${oneLine(object)} by ${backend} on ${server}${since}: orchestra forget ${oneLine(object)} --server ${server} gives it up`
}

/** Those that take less than others, or nothing. */
export function workerLines(workers: readonly WorkerStatus[]): string[] {
  const newest = Math.max(0, ...workers.map(({ generation }) => generation ?? 0))
  return workers.flatMap(({ host, pid, generation, halted }) => {
    const name = `process ${pid} on ${host}`
    if (halted !== null) return [`${name} takes nothing any more: ${oneLine(halted)}`]
    if (generation === null) return [`${name} is of an earlier release: update and restart it`]
    if (generation === newest) return []
    return [`${name} has configuration ${generation} and leaves to ${newest} what that has too`]
  })
}

export function unknownLine({ what, name, count, last }: UnknownWork): string {
  const one = what === 'backend' ? 'operation' : 'changed object'
  const counted = count === 1 ? `1 ${one} waits` : `${count} ${one}s wait`
  return `${counted} for ${oneLine(unknownText(what, name, last))}`
}

function headLines({ paused, workers, unknown, totals, servers }: Status): string[] {
  return [
    ...(paused === null
      ? []
      : [`everything is paused by ${paused.by} for ${age(paused.at)}${because(paused.reason)}`]),
    ...(workers.length === 0 ? ['no worker runs: start one with `orchestra up`'] : []),
    ...workerLines(workers),
    ...unknown.map(unknownLine),
    ...(servers.length === 0 ? ['no servers: add one with `orchestra server add`'] : []),
    ...(totals.oldestUncollected === null
      ? []
      : [
          `${totals.uncollected} committed changes are not looked at yet, the oldest for ${age(totals.oldestUncollected)}`,
        ]),
    ...(totals.collectorError === null ? [] : [`some of them cannot be: ${oneLine(totals.collectorError)}`]),
  ]
}

function columns(terminal: Terminal): Column<ServerStatus>[] {
  return [
    { title: 'SERVER', value: (server) => server.name },
    { title: 'STATE', value: stateOf, paint: (cell, server) => terminal.colour(stateColour(server), cell) },
    { title: 'RUNNING', value: (server) => server.running, align: 'right' },
    { title: 'WAITING', value: (server) => server.waiting, align: 'right' },
    { title: 'FAILED', value: (server) => server.failing, align: 'right' },
    { title: 'PLACED', value: (server) => server.placed, align: 'right' },
    { title: 'STALE', value: (server) => server.stale, align: 'right' },
    { title: 'DRIFTED', value: (server) => server.drifted, align: 'right' },
    {
      title: 'OLDEST',
      value: ({ oldestWaiting }) => (oldestWaiting === null ? null : age(oldestWaiting)),
      align: 'right',
    },
  ]
}

export function stateOf(server: ServerStatus): string {
  if (server.held !== null) return 'held'
  if (server.blocked !== null) return 'blocked'
  if (server.presentedKey !== null) return 'key not approved'
  if (server.runningLog !== null || server.running > 0) return 'running'
  if (server.failing > 0) return 'failing'
  return server.waiting > 0 ? 'waiting' : 'idle'
}

function stateColour(server: ServerStatus): 'red' | 'yellow' | 'green' | 'cyan' {
  const state = stateOf(server)
  if (state === 'idle') return 'green'
  if (state === 'running') return 'cyan'
  return state === 'held' || state === 'waiting' ? 'yellow' : 'red'
}

function reasonLines({ name, held, blocked, presentedKey, heldByRoute, drifted }: ServerStatus): string[] {
  return [
    ...(held === null
      ? []
      : [`${name} is held by ${held.by} for ${age(held.since)}${endText(held)}${because(held.reason)}`]),
    ...(blocked === null ? [] : [blockedLine(name, blocked)]),
    ...(presentedKey === null
      ? []
      : [`${name} presents a host key that is not approved: orchestra server approve ${name}`]),
    ...(heldByRoute === 0 ? [] : [`${name}: ${heldByRoute} operations wait for a disabled route`]),
    ...(drifted === 0
      ? []
      : [`${name}: ${drifted} changed or missing there: orchestra drift --server ${name}`]),
  ]
}

function blockedLine(name: string, blocked: NonNullable<ServerStatus['blocked']>): string {
  const next = blocked.nextTry === null ? '' : `; next try ${until(blocked.nextTry)}`
  return `${name} is blocked for ${age(blocked.since)}: ${oneLine(blocked.reason)}${next}`
}

/** Refused removals are shown on their own. */
function failureLines({ failing, protected: refused, totals }: Status, terminal: Terminal): string[] {
  const shown = failing.filter(({ id }) => !refused.some((other) => other.id === id))
  if (shown.length === 0) return []
  const more = totals.failing + totals.undecided - failing.length
  return [
    '',
    'Failed, and tried again:',
    ...shown.flatMap((operation) => operationLines(operation, terminal)),
    ...(more > 0 ? [`and ${more} more`] : []),
  ]
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : `: ${oneLine(reason)}`
}
