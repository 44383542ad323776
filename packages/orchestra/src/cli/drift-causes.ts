import type { Command } from 'commander'
import type { DriftCause } from '../inspect/index.ts'
import { driftCauses, driftRepair, type RepairBegun, shortUnit } from '../operate/index.ts'
import { age } from './ages.ts'
import { objectNames } from './cause-lines.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { differenceLines, stateText } from './drift.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

interface CausesOptions {
  server?: string
  backend?: string
  object?: string
  query?: string
  limit: number
  after?: string
}

export function addDriftCauseCommands(drift: Command, act: Act): void {
  // Options that `drift` takes too are read as its own, wherever they stand.
  drift.hook('preAction', (_, asked) => {
    for (const [name, value] of Object.entries(drift.opts()))
      if (asked !== drift && asked.parent === drift) asked.setOptionValue(name, value)
  })
  const causes = drift
    .command('causes')
    .description('The same, by what was done to it: what differs alike is told once')
    .option('--server <name>', 'On this server only')
    .option('--backend <name>', 'Of this backend only')
    .option('--object <object>', 'Of this object only, for example site:12')
    .option(...queryOption)
    .option('--limit <count>', 'How many', wholeNumber(1), 20)
    .option('--after <cursor>', 'Behind those of the page that told this cursor')
    .action(act(causesCommand))
  withExamples(causes, 'drift causes', 'drift causes --backend nginx-site --json')
  const repair = drift
    .command('repair')
    .description('Have what differs or is missing written again as the rows say; nothing is removed')
    .argument('[cause]', 'All of a cause, as `drift causes` tells it')
    .option('--server <name>', 'On this server only')
    .option('--backend <name>', 'Of this backend only')
    .option('--object <object>', 'Of this object only, for example site:12')
    .option(...queryOption)
    .option('--dry-run', 'Only tell what it would do')
    .action(act(repairCommand))
  withExamples(
    repair,
    'drift repair 0f3a9c51d2e47b86 --dry-run',
    'drift repair 0f3a9c51d2e47b86 --server web1',
    'drift repair --server web1 --backend nginx-site',
  )
}

async function causesCommand(session: Session, given: CausesOptions): Promise<Ending> {
  const page = await session.run(driftCauses, askedBy(given))
  const { terminal } = session
  const { causes, next } = page
  const none = 'Nothing was found otherwise than it should be.'
  terminal.tell(
    page,
    ...(causes.length === 0 ? [none] : causes.flatMap((cause) => causeLines(cause, terminal))),
  )
  if (!terminal.json && next !== null) terminal.note(`more causes are shown with --after ${next}`)
  return causes.length === 0 ? 'done' : 'unfinished'
}

function causeLines(cause: DriftCause, terminal: Terminal): string[] {
  const { count, backend, state, serverCount, objects, servers, since } = cause
  const where = serverCount === 1 ? oneLine(servers[0] ?? '') : `${serverCount} servers`
  return [
    `${cause.cause} ${stateText(state, terminal)} ${count}: ${backend} on ${where}, for ${age(since)}`,
    `  ${objectNames({ objects, count })}`,
    ...differenceLines(cause, terminal),
  ]
}

async function repairCommand(
  session: Session,
  cause: string | undefined,
  options: { server?: string; backend?: string; object?: string; query?: string; dryRun?: boolean },
): Promise<Ending> {
  const repair = await session.run(driftRepair, {
    ...(cause === undefined ? {} : { cause }),
    ...askedBy(options),
  })
  session.terminal.tell(repair, ...repairLines(repair, options.dryRun === true))
  return repair.saves === 0 ? 'done' : 'unfinished'
}

function repairLines({ unit, saves, objects, left }: RepairBegun, isTried: boolean): string[] {
  const kept = left === 0 ? [] : [`${left} are left: what is not ours, cannot be told or would be removed`]
  if (saves === 0) return ['Nothing that fits can be written again.', ...kept]
  return [
    `${saves} ${isTried ? 'would be' : 'are'} written again: ${objectNames({ objects, count: saves })}`,
    ...kept,
    ...(unit === null ? [] : [`what becomes of it: orchestra unit show ${shortUnit(unit)}`]),
  ]
}
