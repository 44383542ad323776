import type { Command } from 'commander'
import { causesOf, shortUnit, unitList, unitShow } from '../operate/index.ts'
import type { UnitOperation, UnitStatus, UnitSummary } from '../placements/index.ts'
import { actorText } from './actor-text.ts'
import { age } from './ages.ts'
import { causeLines } from './cause-lines.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { follow } from './follow.ts'
import { operationLines } from './operation-lines.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { linesOf, oneLine } from './text-width.ts'

/** Operations that are shown one by one. */
const FEW = 20
/** Seconds that `--wait` waits when it does not say. */
const DEFAULT_WAIT = 300

export function addUnitCommands(program: Command, act: Act): void {
  const unit = withExamples(
    program.command('unit').description('Units of work: all that one request or transaction changed'),
    'unit list',
  )
  const list = unit
    .command('list')
    .description('The latest units of work')
    .option('--limit <count>', 'How many', wholeNumber(1), 20)
    .option('--actor <name>', 'Of this actor only')
    .option('--before <unit>', 'Older than this unit, by its whole id')
    .option(...queryOption)
    .action(act(listCommand))
  withExamples(list, 'unit list', 'unit list --actor alice --limit 100')
  const show = unit
    .command('show <id>')
    .description('What became of a unit of work, object by object; the beginning of its id will do')
    .option(
      '--wait [seconds]',
      `Wait until every operation has an outcome; default ${DEFAULT_WAIT} s`,
      wholeNumber(0),
    )
    .option('--all', 'Name each operation, instead of equal failures together')
    .action(act(showCommand))
  withExamples(show, 'unit show 0f9e3c4a', 'unit show 0f9e3c4a --wait 60')
}

interface ListOptions {
  limit: number
  actor?: string
  before?: string
  query?: string
}

async function listCommand(session: Session, options: ListOptions): Promise<Ending> {
  const { terminal } = session
  const units = await session.run(unitList, askedBy(options))
  terminal.tell(units, ...table(columns(units), units, terminal.width))
  const isNarrowed = options.actor !== undefined || options.query !== undefined
  if (units.length === 0) terminal.note(isNarrowed ? 'no units of work fit' : 'no units of work yet')
  return 'done'
}

const columns = (units: readonly UnitSummary[]): Column<UnitSummary>[] => [
  {
    title: 'UNIT',
    value: (unit) =>
      shortUnit(
        unit.id,
        units.map(({ id }) => id),
      ),
  },
  { title: 'AGE', value: (unit) => age(unit.createdAt), align: 'right' },
  { title: 'OPERATIONS', value: (unit) => unit.operations, align: 'right' },
  { title: 'OPEN', value: (unit) => unit.open, align: 'right' },
  { title: 'FAILED', value: (unit) => unit.failed, align: 'right' },
  { title: 'ACTOR', value: actorText },
  { title: 'SOURCE', value: (unit) => unit.source },
]

async function showCommand(
  session: Session,
  id: string,
  options: { wait?: number | true; all?: boolean },
): Promise<Ending> {
  const seconds = options.wait === true ? DEFAULT_WAIT : (options.wait ?? 0)
  const unit = await waitForUnit(session, id, seconds)
  const { terminal } = session
  terminal.tell(unit, ...unitLines(unit, terminal, options.all === true))
  return unit.state === 'settled' && unit.operations.every(isGood) ? 'done' : 'unfinished'
}

/** The unit as it stands when all of it is settled, when only a person can help, or when the time is over. */
async function waitForUnit(session: Session, unit: string, seconds: number): Promise<UnitStatus> {
  const { terminal } = session
  const deadline = Date.now() + seconds * 1_000
  const look = async () => {
    const status = await session.run(unitShow, { unit })
    const isOpen = status.state === 'collecting' || status.state === 'pending'
    const ended = !isOpen || Date.now() >= deadline
    if (!ended) terminal.progress(progressText(status))
    return { value: status, ended }
  }
  try {
    const first = await look()
    return first.ended ? first.value : (await follow(session, look)).value
  } finally {
    terminal.progress('')
  }
}

function progressText({ state, operations }: UnitStatus): string {
  if (state === 'collecting') return 'its changes are being looked at'
  const ended = operations.filter((operation) => operation.state === 'done').length
  return `${ended} of ${operations.length} operations have ended`
}

function isGood({ outcome }: UnitOperation): boolean {
  return outcome === 'success' || outcome === 'nothing'
}

function unitLines(unit: UnitStatus, terminal: Terminal, all: boolean): string[] {
  const who = unit.actor === null ? '' : ` by ${oneLine(actorText(unit) ?? '')}`
  const source = unit.source === null ? '' : ` (${oneLine(unit.source)})`
  return [
    `unit ${unit.id}${who}${source}, ${age(unit.createdAt)} ago: ${unit.state}`,
    ...(unit.error === null ? [] : [`its changes cannot be looked at: ${oneLine(unit.error)}`]),
    ...(all || unit.operations.length <= FEW
      ? unit.operations.flatMap((operation) => fullLines(operation, terminal))
      : summaryLines(unit.operations, terminal)),
    ...(unit.operations.length === 0 && unit.state === 'settled'
      ? ['it changed nothing that a route leads anywhere']
      : []),
  ]
}

function fullLines(operation: UnitOperation, terminal: Terminal): string[] {
  const { carriedBy } = operation
  const carried =
    carriedBy === null ? [] : [`      as unit ${shortUnit(carriedBy)} wants it, which changed it later`]
  return [...operationLines(operation, terminal), ...carried, ...tailLines(operation)]
}

/** Of many operations, equal failures are told together, with the output of the first of each. */
function summaryLines(operations: readonly UnitOperation[], terminal: Terminal): string[] {
  const failed = operations.filter(({ outcome, error }) => outcome !== null && error !== null)
  const others = operations.filter((operation) => !failed.includes(operation))
  const paint: Terminal['colour'] = (colour, text) => terminal.colour(colour, text)
  const more = others.length > FEW ? [`  and ${others.length - FEW} more`] : []
  return [
    ...causesOf(failed).flatMap((cause) => {
      const first = failed.find(({ object, error }) => object === cause.objects[0] && error === cause.error)
      return [...causeLines(cause, paint), ...(first === undefined ? [] : tailLines(first))]
    }),
    ...others.slice(0, FEW).flatMap((operation) => fullLines(operation, terminal)),
    ...more,
    'orchestra unit show --all names each of them',
  ]
}

function tailLines({ outputTail }: UnitOperation): string[] {
  if (outputTail === null || outputTail.trim() === '') return []
  return linesOf(outputTail.trimEnd()).map((line) => `      | ${line}`)
}
