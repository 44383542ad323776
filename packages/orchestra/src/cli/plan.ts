import type { Command } from 'commander'
import { OrchestraError } from '../errors.ts'
import type { PlanShown } from '../operate/index.ts'
import { causesOf, planKeep, planMake, planSave, writePlan } from '../operate/index.ts'
import type { PlannedOperation } from '../plan/index.ts'
import { addApprovalCommands } from './approval.ts'
import { objectNames } from './cause-lines.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { differenceLines } from './diff-lines.ts'
import { addKeptPlanCommands, keptLines } from './kept-plan.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { linesOf, oneLine } from './text-width.ts'

interface PlanOptions {
  server?: string
  backend?: string
  object?: string
  scripts?: boolean
  save?: string
  keep?: boolean
  allowDeletes?: number
}

/** Objects that people are shown; programs get all. */
const MOST_SHOWN = 100

export function addPlanCommand(program: Command, act: Act): void {
  const plan = program
    .command('plan')
    .description(
      'What is to be done, without asking any server: what waits, and what differs from what was placed',
    )
    .option('--server <server>', 'For this server only')
    .option('--backend <backend>', 'Of this backend only')
    .option('--object <object>', 'For this object only, for example site:12')
    .option('--scripts', 'Show the scripts, secrets by name')
    .option('--save <file>', 'Write it into a file, to be done later with `orchestra apply`')
    .option('--keep', 'Keep it under a number, for others to look at, to approve and to do')
    .option(
      '--allow-deletes <count>',
      'How many objects of one backend on one server it may remove',
      wholeNumber(0),
    )
    .action(act(planCommand))
  withExamples(
    plan,
    'plan',
    'plan --server web1 --scripts',
    'plan --json',
    'plan --save tonight.json; orchestra apply tonight.json',
    'plan --keep --server web1',
  )
  addKeptPlanCommands(plan, act)
  addApprovalCommands(plan, act)
}

async function planCommand(session: Session, options: PlanOptions): Promise<Ending> {
  const { terminal } = session
  const { scripts = false, save, keep = false, ...given } = options
  if (keep) return keepCommand(session, { save, given })
  const request = {
    ...given,
    scripts: scripts || terminal.json,
    ...(terminal.json ? {} : { differences: MOST_SHOWN }),
  }
  const { plan, saved, approval } =
    save === undefined
      ? { plan: await session.run(planMake, request), saved: null, approval: [] }
      : await session.run(planSave, request)
  if (save !== undefined && saved !== null) await writePlan(save, saved)
  terminal.tell(plan, ...planLines(plan, scripts, terminal))
  if (save !== undefined && saved !== null && !terminal.json)
    terminal.note(savedLine(saved.operations.length, save))
  if (approval.length > 0)
    terminal.note(`another person has to approve it (${approval.join('; ')}): orchestra plan approve ${save}`)
  return plan.operations.length + plan.failures.length === 0 ? 'done' : 'unfinished'
}

async function keepCommand(
  session: Session,
  { save, given }: { save: string | undefined; given: Omit<PlanOptions, 'save' | 'keep' | 'scripts'> },
): Promise<Ending> {
  if (save !== undefined)
    throw new OrchestraError('ORC_USAGE', 'A plan is kept or written into a file, not both', {
      hint: 'Give --keep or --save FILE',
    })
  const plan = await session.run(planKeep, given)
  session.terminal.tell(plan, ...keptLines(plan))
  return plan.operations + plan.failed === 0 ? 'done' : 'unfinished'
}

function savedLine(operations: number, file: string): string {
  if (operations === 0) return `nothing is to be done: ${file} holds an empty plan`
  return `${operations} ${operations === 1 ? 'operation is' : 'operations are'} kept in ${file}: orchestra apply ${file}`
}

function planLines(
  { operations, scripts, failures, guard, counts }: PlanShown,
  showScripts: boolean,
  terminal: Terminal,
): string[] {
  if (operations.length + failures.length === 0) return ['nothing is to be done']
  const shown = operations.slice(0, MOST_SHOWN)
  return [
    ...shown.flatMap((operation) => objectDifferences(operation, terminal)),
    ...table(columns, shown, terminal.width),
    ...moreLine(operations.length - shown.length),
    ...obstacleLines(shown),
    ...failuresLines(failures),
    ...(showScripts
      ? scripts.flatMap(({ server, backend, script }) => [
          '',
          `# ${backend} on ${server}`,
          ...linesOf(script),
        ])
      : []),
    summary(counts),
    ...(guard === null ? [] : [terminal.colour('yellow', `this would stop: ${oneLine(guard)}`)]),
  ]
}

/** What failed before, or has something in its way, by the reason. */
function obstacleLines(operations: readonly PlannedOperation[]): string[] {
  const met = operations.flatMap(({ object, identity, server, backend, obstacle: error }) =>
    error === null ? [] : [{ object, identity, server, backend, error, action: '', outcome: null }],
  )
  return causesOf(met).map(
    (cause) => `in its way so far: ${objectNames(cause)}: ${oneLine(cause.error ?? '')}`,
  )
}

/** Objects that fail for one reason, together. */
function failuresLines(failures: PlanShown['failures']): string[] {
  const causes = causesOf(
    failures.map(({ object, reason }) => ({ object, error: reason, action: '', outcome: null })),
  )
  return causes
    .slice(0, MOST_SHOWN)
    .map((cause) => `cannot be done: ${objectNames(cause)}: ${oneLine(cause.error ?? '')}`)
    .concat(moreLine(causes.length - MOST_SHOWN))
}

function moreLine(count: number): string[] {
  return count > 0 ? [`and ${count} more: --json shows all`] : []
}

/** `2 create, 1 rename` */
function summary(counts: PlanShown['counts']): string {
  const kinds = Object.entries(counts)
  return kinds.length === 0
    ? 'nothing of it can be done'
    : kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')
}

function objectDifferences(operation: PlannedOperation, terminal: Terminal): string[] {
  const { kind, object, backend, server, differences } = operation
  if (differences === null || differences.length === 0) return []
  return [
    terminal.colour('bold', `${kind} ${oneLine(object)} by ${backend} on ${server}`),
    ...differenceLines(differences, terminal),
    '',
  ]
}

const columns: Column<PlannedOperation>[] = [
  { title: 'SERVER', value: (operation) => operation.server },
  { title: 'BACKEND', value: (operation) => operation.backend },
  { title: 'KIND', value: (operation) => operation.kind },
  { title: 'ACTION', value: (operation) => operation.action },
  { title: 'OBJECT', value: (operation) => operation.object },
  { title: 'IDENTITY', value: identityOf },
  { title: 'WAITS', value: (operation) => operation.waitsFor },
]

function identityOf({ identity, previousIdentity }: PlannedOperation): string | null {
  return previousIdentity === null ? identity : `${previousIdentity} -> ${identity}`
}
