import type { Command } from 'commander'
import type { IncidentView } from '../incidents/index.ts'
import { incidentList, incidentMute, incidentResolve, incidentShow } from '../operate/index.ts'
import { age } from './ages.ts'
import { type Act, later, wholeNumber, withExamples } from './command.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

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

async function resolveCommand(session: Session, incident: string): Promise<Ending> {
  const resolved = await session.run(incidentResolve, { incident: wholeNumber(1)(incident) })
  session.terminal.tell(resolved, ...linesOf(resolved))
  return 'done'
}

function linesOf(incident: IncidentView): string[] {
  const { id, error, samples, objects, most, log, muted } = incident
  return [
    `incident ${id}: ${placeOf(incident)} ${incident.outcome}, ${stateText(incident)}`,
    ...(error === null ? [] : [`  ${error}`]),
    ...(samples.length === 0 ? [] : [`  ${objects} objects now, ${most} at most: ${samples.join(', ')}`]),
    ...(log === null ? [] : [`  orchestra log show ${log}`]),
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
    value: (incident) => (incident.muted === null ? incident.state : `${incident.state}, muted`),
  },
  { title: 'SINCE', value: ({ openedAt }) => age(openedAt), align: 'right' },
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'BACKEND', value: ({ backend }) => backend },
  { title: 'OUTCOME', value: ({ outcome }) => outcome },
  { title: 'OBJECTS', value: ({ objects }) => objects, align: 'right' },
  { title: 'ERROR', value: ({ error }) => error },
]
