import type { Command } from 'commander'
import {
  type PlanDetail,
  type PlanView,
  planDiffs,
  planDiscard,
  planList,
  planOperations,
  planScripts,
  planShow,
} from '../operate/index.ts'
import type { KeptOperation, Moved } from '../plan/index.ts'
import { age, until } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { differenceLines } from './diff-lines.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { linesOf, oneLine } from './text-width.ts'

interface Part {
  limit: number
  after?: number
}

/** Plans that are kept, below `orchestra plan`. */
export function addKeptPlanCommands(plan: Command, act: Act): void {
  const list = plan
    .command('list')
    .description('Plans that are kept, the newest first')
    .option(...queryOption)
    .option('--before <plan>', 'Older than this one', wholeNumber(1))
    .option('--limit <count>', 'How many', wholeNumber(1), 50)
    .action(act(listCommand))
  withExamples(list, 'plan list --query state:open')
  const show = plan
    .command('show')
    .argument('<plan>', 'Its number', wholeNumber(1))
    .description('One plan that is kept: how much of what, who approved it, and what moved on since')
    .action(act(showCommand))
  withExamples(show, 'plan show 41')
  const operations = part(plan, 'operations', 'What a plan would do, operation by operation')
    .option('--kind <kind>', 'Of this kind only, for example delete')
    .action(act(operationsCommand))
  withExamples(operations, 'plan operations 41 --kind delete')
  const diffs = part(plan, 'diffs', 'How what a plan would place differs from what was placed').action(
    act(diffsCommand),
  )
  withExamples(diffs, 'plan diffs 41')
  const scripts = part(plan, 'scripts', 'The scripts of a plan as they would run, secrets by name').action(
    act(scriptsCommand),
  )
  withExamples(scripts, 'plan scripts 41')
  const discard = plan
    .command('discard')
    .argument('<plan>', 'Its number', wholeNumber(1))
    .description('End a plan that nobody wants any more; nothing of it is done')
    .action(act(discardCommand))
  withExamples(discard, 'plan discard 41')
}

function part(plan: Command, name: string, about: string): Command {
  return plan
    .command(name)
    .argument('<plan>', 'Its number', wholeNumber(1))
    .description(about)
    .option('--after <number>', 'Behind this one', wholeNumber(0))
    .option('--limit <count>', 'How many', wholeNumber(1), 100)
}

async function listCommand(
  session: Session,
  options: { limit: number; before?: number; query?: string },
): Promise<Ending> {
  const { terminal } = session
  const plans = await session.run(planList, askedBy(options))
  terminal.tell(plans, ...table(columns, plans, terminal.width))
  if (plans.length === 0) terminal.note('no plan is kept: orchestra plan --keep')
  return 'done'
}

async function showCommand(session: Session, plan: number): Promise<Ending> {
  const detail = await session.run(planShow, { plan })
  session.terminal.tell(detail, ...keptLines(detail))
  return 'done'
}

async function operationsCommand(
  session: Session,
  plan: number,
  options: Part & { kind?: KeptOperation['kind'] },
): Promise<Ending> {
  const { terminal } = session
  const operations = await session.run(planOperations, { plan, ...options })
  terminal.tell(operations, ...table(operationColumns, operations, terminal.width))
  noteMore(session, operations, options)
  return 'done'
}

async function diffsCommand(session: Session, plan: number, options: Part): Promise<Ending> {
  const { terminal } = session
  const all = await session.run(planDiffs, { plan, ...options })
  const lines = all.flatMap(({ number, kind, object, backend, server, differences }) => [
    terminal.colour('bold', `${number} ${kind} ${oneLine(object)} by ${backend} on ${server}`),
    ...differenceLines(differences, terminal),
    '',
  ])
  terminal.tell(all, ...lines)
  noteMore(session, all, options)
  return 'done'
}

async function scriptsCommand(session: Session, plan: number, options: Part): Promise<Ending> {
  const { terminal } = session
  const all = await session.run(planScripts, { plan, ...options })
  const lines = all.flatMap(({ backend, server, script }) => [
    `# ${backend} on ${server}`,
    ...linesOf(script),
    '',
  ])
  terminal.tell(all, ...lines)
  noteMore(session, all, options)
  return 'done'
}

/** Where a list ended that may go on. */
function noteMore({ terminal }: Session, all: readonly { number: number }[], { limit }: Part): void {
  const last = all.at(-1)
  if (last === undefined) terminal.note('nothing')
  else if (all.length === limit) terminal.note(`the next are shown with --after ${last.number}`)
}

async function discardCommand(session: Session, plan: number): Promise<Ending> {
  const detail = await session.run(planDiscard, { plan })
  session.terminal.tell(detail, `plan ${plan} is discarded`)
  return 'done'
}

/** What people are told of one plan. */
export function keptLines(plan: PlanDetail): string[] {
  const { id, by, createdAt, state, counts, failures, failed, guard, unit, moved } = plan
  const kinds = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`)
  const ended = plan.endedBy === null ? '' : ` by ${plan.endedBy}`
  return [
    `plan ${id} of ${aboutText(plan)} by ${by}, ${age(createdAt)} ago: ${state}${ended}`,
    kinds.length === 0 ? 'nothing is to be done' : kinds.join(', '),
    ...failures
      .slice(0, MOST_SHOWN)
      .map(({ object, reason }) => `cannot be done: ${object}: ${oneLine(reason)}`),
    ...(failed > MOST_SHOWN ? [`and ${failed - MOST_SHOWN} more: --json shows them`] : []),
    ...(guard === null ? [] : [`this would stop: ${oneLine(guard)}`]),
    ...(plan.reason === null ? [] : [`because: ${oneLine(plan.reason)}`]),
    ...(unit === null ? [] : [`done as unit ${unit}`]),
    ...(moved ?? []).slice(0, MOST_SHOWN).map(movedLine),
    ...(state === 'open' ? nextLines(plan) : []),
  ]
}

const MOST_SHOWN = 20

function aboutText({ server, backend, object }: PlanView): string {
  const parts = [object, backend, server].filter((one) => one !== null)
  return parts.length === 0 ? 'everything' : parts.join(', ')
}

function movedLine({ how, object, backend, server }: Moved): string {
  return `moved on: ${object} by ${backend} on ${server} (${how})`
}

function nextLines({ id, approval: { needed, given } }: PlanDetail): string[] {
  if (needed.length === 0) return [`orchestra apply ${id}`]
  const why = needed.join('; ')
  if (given === null) return [`another person has to approve it (${why}): orchestra plan approve ${id}`]
  return [`approved by ${given.by}, for others, ${until(given.expiresAt)} left: orchestra apply ${id}`]
}

const columns: Column<PlanView>[] = [
  { title: 'PLAN', value: ({ id }) => id, align: 'right' },
  { title: 'AGE', value: ({ createdAt }) => age(createdAt), align: 'right' },
  { title: 'BY', value: ({ by }) => by },
  { title: 'OF', value: aboutText },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'SERVERS', value: ({ servers }) => servers, align: 'right' },
  { title: 'REMOVES', value: ({ removes }) => removes, align: 'right' },
  {
    title: 'APPROVAL',
    value: ({ state, approval: { needed, given } }) =>
      state !== 'open' || needed.length === 0 ? null : given === null ? 'needed' : `by ${given.by}`,
  },
]

const operationColumns: Column<KeptOperation>[] = [
  { title: 'NUMBER', value: ({ number }) => number, align: 'right' },
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'BACKEND', value: ({ backend }) => backend },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'ACTION', value: ({ action }) => action },
  { title: 'OBJECT', value: ({ object }) => object },
  { title: 'IDENTITY', value: ({ identity }) => identity },
  { title: 'WAITS', value: ({ waitsFor }) => waitsFor },
]
