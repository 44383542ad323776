import type { Command } from 'commander'
import { eventFollow, eventList } from '../operate/index.ts'
import type { Happening } from '../placements/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { eventLines } from './live-lines.ts'
import type { Ending, Session } from './session.ts'
import type { Terminal } from './terminal.ts'
import { stopSignals } from './up-signals.ts'

export function addEventCommands(program: Command, act: Act): void {
  const event = withExamples(
    program.command('event').description('What happens on all servers, as `orchestra up` shows it'),
    'event follow',
  )
  const list = event
    .command('list')
    .description(
      'What happened since a cursor; without one, what keeps work from being done, and where to go on',
    )
    .option('--after <cursor>', 'Behind this: the `next` of a list, or the `cursor` of an event')
    .option('--limit <count>', 'How many', wholeNumber(1), 100)
    .action(act(listCommand))
  withExamples(list, 'event list', 'event list --limit 20 --json')
  const follow = event
    .command('follow')
    .description('What happens from now on, or since a cursor, until Ctrl-C')
    .option('--after <cursor>', 'Behind this: the `next` of a list, or the `cursor` of an event')
    .action(act(followCommand))
  withExamples(follow, 'event follow', 'event follow --json')
}

async function listCommand(session: Session, options: { after?: string; limit: number }): Promise<Ending> {
  const { terminal } = session
  const page = await session.run(eventList, options)
  terminal.tell(page, ...page.events.flatMap((event) => linesOf(event, terminal)))
  if (!terminal.json) terminal.note(`go on with --after ${page.next}`)
  return 'done'
}

async function followCommand(session: Session, { after }: { after?: string }): Promise<Ending> {
  const { terminal } = session
  const signals = stopSignals()
  const leaving = new AbortController()
  void signals.first.then(() => leaving.abort())
  try {
    for await (const { events } of await session.run(eventFollow, { after }, { signal: leaving.signal }))
      for (const event of events) tell(terminal, event)
  } finally {
    signals.close()
  }
  return 'done'
}

function tell(terminal: Terminal, event: Happening): void {
  if (terminal.json) terminal.record(event)
  else for (const line of linesOf(event, terminal)) terminal.line(line)
}

function linesOf(event: Happening, terminal: Terminal): string[] {
  return eventLines(event, (colour, text) => terminal.colour(colour, text), new Date(event.notedAt))
}
