import type { Command } from 'commander'
import type { IncidentView } from '../incidents/index.ts'
import {
  incidentAcknowledge,
  incidentList,
  incidentMerge,
  incidentMute,
  incidentResolve,
  incidentRetry,
  incidentShow,
  incidentSplit,
} from '../operate/index.ts'
import { age } from './ages.ts'
import { begunLines } from './bulk.ts'
import { type Act, later, wholeNumber, withExamples } from './command.ts'
import { expectWorker } from './follow.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { oneLine } from './text-width.ts'

interface ListOptions {
  query?: string
  state?: IncidentView['state']
  server?: string
  backend?: string
  before?: number
  limit: number
}

export function addIncidentCommands(program: Command, act: Act): void {
  const incident = withExamples(
    program
      .command('incident')
      .description('What went wrong, by its cause: opened, lasting, recovered, back again'),
    'incident list',
  )
  const list = incident
    .command('list')
    .description('Incidents that fit, the newest first')
    .option('--state <state>', 'open, recovered or resolved')
    .option('--server <name>', 'Of this server')
    .option('--backend <name>', 'Of this backend')
    .option(...queryOption)
    .option('--before <incident>', 'Older than this one', wholeNumber(1))
    .option('--limit <count>', 'How many', wholeNumber(1), 50)
    .action(act(listCommand))
  withExamples(list, 'incident list --state open', 'incident list --server web1 --json')
  const show = incident
    .command('show <incident>')
    .description('One incident, and what became of it step by step')
    .action(act(showCommand))
  withExamples(show, 'incident show 7')
  const mute = incident
    .command('mute <incident>')
    .description('Tell nobody of it for some time; what becomes of it is noted')
    .option('--for <time>', 'So long: 1h, 3d; 0s ends it; default an hour', later)
    .option('--reason <text>', 'Shown to whoever asks why', '')
    .action(act(muteCommand))
  withExamples(mute, 'incident mute 7 --for 3d --reason "new disk on Monday"')
  const acknowledge = incident
    .command('acknowledge <incident>')
    .description('Say that you deal with it; what becomes of it is told all the same')
    .option('--note <text>', 'Shown to whoever asks', '')
    .action(act(acknowledgeCommand))
  withExamples(acknowledge, 'incident acknowledge 7 --note "I am at it"')
  const retry = incident
    .command('retry <incident>')
    .description('Have all objects that fail for its cause tried again, by a worker')
    .option('--dry-run', 'Only tell which')
    .action(act(retryCommand))
  withExamples(retry, 'incident retry 7 --dry-run', 'incident retry 7')
  const merge = incident
    .command('merge <incident>')
    .description('Make it a part of another one of its server and backend, now and later')
    .requiredOption('--into <incident>', 'The other one', wholeNumber(1))
    .action(act(mergeCommand))
  withExamples(merge, 'incident merge 8 --into 7')
  const split = incident
    .command('split <incident>')
    .description('Make what was a part of another incident one of its own again')
    .action(act(splitCommand))
  withExamples(split, 'incident split 8')
  const resolve = incident
    .command('resolve <incident>')
    .description('Somebody has dealt with it: it is over until it is there again')
    .action(act(resolveCommand))
  withExamples(resolve, 'incident resolve 7')
}

async function listCommand(session: Session, options: ListOptions): Promise<Ending> {
  const { terminal } = session
  const incidents = await session.run(incidentList, askedBy(options))
  terminal.tell(incidents, ...table(columns, incidents, terminal.width))
  if (incidents.length === 0) terminal.note('no incidents fit')
  return 'done'
}

async function showCommand(session: Session, incident: string): Promise<Ending> {
  const shown = await session.run(incidentShow, { incident: wholeNumber(1)(incident) })
  const steps = shown.steps.map(({ at, kind, objects, by }) => ({ at, kind, objects, by }))
  session.terminal.tell(
    shown,
    ...linesOf(shown),
    '',
    ...table<(typeof steps)[number]>(
      [
        { title: 'AT', value: ({ at }) => at },
        { title: 'STEP', value: ({ kind }) => kind },
        { title: 'OBJECTS', value: ({ objects }) => objects, align: 'right' },
        { title: 'BY', value: ({ by }) => by },
      ],
      steps,
      session.terminal.width,
    ),
  )
  return 'done'
}

async function muteCommand(
  session: Session,
  incident: string,
  { for: until = later('1h'), reason }: { for?: Date; reason: string },
): Promise<Ending> {
  const muted = await session.run(incidentMute, { incident: wholeNumber(1)(incident), until, reason })
  session.terminal.tell(muted, ...linesOf(muted))
  return 'done'
}

async function acknowledgeCommand(
  session: Session,
  incident: string,
  { note }: { note: string },
): Promise<Ending> {
  const acknowledged = await session.run(incidentAcknowledge, { incident: wholeNumber(1)(incident), note })
  session.terminal.tell(acknowledged, ...linesOf(acknowledged))
  return 'done'
}

async function retryCommand(
  session: Session,
  incident: string,
  { dryRun }: { dryRun?: boolean },
): Promise<Ending> {
  const begun = await session.run(incidentRetry, { incident: wholeNumber(1)(incident), dryRun })
  if (begun.bulk !== null) await expectWorker(session)
  session.terminal.tell(begun, ...(begun.count === 0 ? ['nothing fails for it now'] : begunLines(begun)))
  return 'done'
}

async function mergeCommand(session: Session, incident: string, { into }: { into: number }): Promise<Ending> {
  const merged = await session.run(incidentMerge, { incident: wholeNumber(1)(incident), into })
  session.terminal.tell(merged, ...linesOf(merged))
  return 'done'
}

async function splitCommand(session: Session, incident: string): Promise<Ending> {
  const split = await session.run(incidentSplit, { incident: wholeNumber(1)(incident) })
  session.terminal.tell(split, ...linesOf(split))
  return 'done'
}

async function resolveCommand(session: Session, incident: string): Promise<Ending> {
  const resolved = await session.run(incidentResolve, { incident: wholeNumber(1)(incident) })
  session.terminal.tell(resolved, ...linesOf(resolved))
  return 'done'
}

function linesOf(incident: IncidentView): string[] {
  const { id, error, samples, objects, most, log, muted, acknowledged, mergedInto } = incident
  return [
    `incident ${id}: ${placeOf(incident)} ${incident.outcome}, ${stateText(incident)}`,
    ...(error === null ? [] : [`  ${error}`]),
    ...(samples.length === 0 ? [] : [`  ${objects} objects now, ${most} at most: ${samples.join(', ')}`]),
    ...(log === null ? [] : [`  orchestra log show ${log}`]),
    ...(mergedInto === null ? [] : [`  a part of incident ${mergedInto}`]),
    ...(acknowledged === null
      ? []
      : [
          `  ${oneLine(acknowledged.by)} deals with it since ${acknowledged.at} ${oneLine(acknowledged.note)}`,
        ]),
    ...(muted === null ? [] : [`  muted by ${muted.by} until ${muted.until} ${muted.reason}`]),
  ]
}

function placeOf({ server, backend }: IncidentView): string {
  return [server, backend].filter((name) => name !== null).join(' ') || 'no server'
}

function stateText({ state, openedAt, endedAt, isLasting, regressions, resolvedBy }: IncidentView): string {
  const back = regressions === 0 ? '' : `, back for the ${regressions}. time`
  if (state === 'open') return `open for ${age(openedAt)}${isLasting ? ', longer than usual' : ''}${back}`
  const ended = endedAt === null ? '' : ` ${age(endedAt)} ago`
  return `${state}${resolvedBy === null ? '' : ` by ${resolvedBy}`}${ended}${back}`
}

const columns: Column<IncidentView>[] = [
  { title: 'INCIDENT', value: ({ id }) => id, align: 'right' },
  {
    title: 'STATE',
    value: ({ state, muted, mergedInto }) =>
      mergedInto === null ? `${state}${muted === null ? '' : ', muted'}` : `part of ${mergedInto}`,
  },
  { title: 'SINCE', value: ({ openedAt }) => age(openedAt), align: 'right' },
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'BACKEND', value: ({ backend }) => backend },
  { title: 'OUTCOME', value: ({ outcome }) => outcome },
  { title: 'OBJECTS', value: ({ objects }) => objects, align: 'right' },
  { title: 'WHO', value: ({ acknowledged }) => acknowledged?.by ?? null },
  { title: 'ERROR', value: ({ error }) => error },
]
