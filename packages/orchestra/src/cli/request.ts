import type { Command } from 'commander'
import { hasEnded, requestCancel, requestList, requestShow } from '../operate/index.ts'
import type { RequestSummary, RequestView } from '../requests/index.ts'
import { age } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { follow } from './follow.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

interface ListOptions {
  open?: boolean
  before?: number
  limit: number
}

export function addRequestCommands(program: Command, act: Act): void {
  const request = withExamples(
    program.command('request').description('What was asked for over HTTP and left to workers'),
    'request list',
  )
  const list = request
    .command('list')
    .description('Requests and how far they are, the newest first')
    .option('--open', 'Only those that have not ended')
    .option('--before <request>', 'Older than this one', wholeNumber(1))
    .option('--limit <count>', 'How many', wholeNumber(1), 50)
    .action(act(listCommand))
  withExamples(list, 'request list --open')
  const show = request
    .command('show <request>')
    .description('One request: how far it is, and what it answered or why it failed')
    .action(act(showCommand))
  withExamples(show, 'request show 12')
  const wait = request
    .command('wait <request>')
    .description('Wait until a request has ended; it goes on after Ctrl-C')
    .action(act(waitCommand))
  withExamples(wait, 'request wait 12 --json')
  const cancel = request
    .command('cancel <request>')
    .description('End a request: one that waits at once, one that is at work as soon as that can be')
    .action(act(cancelCommand))
  withExamples(cancel, 'request cancel 12')
}

async function listCommand(session: Session, options: ListOptions): Promise<Ending> {
  const { terminal } = session
  const requests = await session.run(requestList, options)
  terminal.tell(requests, ...table(columns, requests, terminal.width))
  if (requests.length === 0) terminal.note('no requests')
  return 'done'
}

async function showCommand(session: Session, request: string): Promise<Ending> {
  return tell(session, await session.run(requestShow, { request: wholeNumber(1)(request) }))
}

async function waitCommand(session: Session, text: string): Promise<Ending> {
  const request = wholeNumber(1)(text)
  const look = () => session.run(requestShow, { request })
  const first = await look()
  return tell(session, hasEnded(first) ? first : await ended(session, look))
}

/** Says each change of how far it is. */
async function ended(session: Session, look: () => Promise<RequestView>): Promise<RequestView> {
  let said = ''
  const { value, left } = await follow(session, async () => {
    const view = await look()
    const line = lineOf(view)
    if (line !== said && !hasEnded(view)) session.terminal.note(line)
    said = line
    return { value: view, ended: hasEnded(view) }
  })
  if (left) session.terminal.note(`it goes on: orchestra request wait ${value.id}`)
  return value
}

async function cancelCommand(session: Session, text: string): Promise<Ending> {
  const { request, wasOpen } = await session.run(requestCancel, { request: wholeNumber(1)(text) })
  session.terminal.tell(
    { request, wasOpen },
    wasOpen ? `request ${request} is cancelled` : `request ${request} had ended`,
  )
  return 'done'
}

/** Exit code 2 for what has not come to what was asked for. */
function tell({ terminal }: Session, view: RequestView): Ending {
  const { result, error, notes } = view
  terminal.tell(
    view,
    lineOf(view),
    ...(error === null ? [] : [`  ${error.code}: ${error.message}`]),
    ...notes.map((note) => `  ${JSON.stringify(note)}`),
    ...(result === null ? [] : JSON.stringify(result, null, 2).split('\n')),
  )
  return view.state === 'done' ? 'done' : 'unfinished'
}

const hindrances: Readonly<Record<NonNullable<RequestSummary['reason']>, string>> = {
  'no-worker': 'no worker is there that does requests: start one with `orchestra up`',
  queued: 'others are before it',
  'worker-silent': 'its worker gives no sign of life',
  cancelling: 'it is being cancelled',
}

function lineOf({ id, verb, by, state, reason, progress }: RequestSummary): string {
  const why = reason === null ? '' : `, ${hindrances[reason]}`
  const far = progress === null ? '' : ` ${JSON.stringify(progress)}`
  return `request ${id}: ${verb} by ${by} ${state}${why}${far}`
}

const columns: Column<RequestSummary>[] = [
  { title: 'REQUEST', value: ({ id }) => id, align: 'right' },
  { title: 'AGE', value: ({ createdAt }) => age(createdAt), align: 'right' },
  { title: 'BY', value: ({ by }) => by },
  { title: 'VERB', value: ({ verb }) => verb },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'WHY', value: ({ reason }) => (reason === null ? null : hindrances[reason]) },
]
