import { type Command, Option } from 'commander'
import { placeList, placementStates } from '../operate/index.ts'
import type { PlacementState, PlacementView } from '../placements/index.ts'
import { age } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import type { Terminal } from './terminal.ts'

interface ListOptions {
  query?: string
  server?: string
  backend?: string
  model?: string
  object?: string
  identity?: string
  state?: PlacementState
  limit: number
  after?: string
}

export function addPlaceCommands(program: Command, act: Act): void {
  const place = withExamples(
    program.command('place').description('What stands where, as far as Orchestra put it there'),
    'place list --server web1',
  )
  const list = place
    .command('list')
    .description('Placements that fit, in the order of their objects')
    .option('--server <server>', 'On this server')
    .option(...queryOption)
    .option('--backend <backend>', 'Of this backend')
    .option('--model <model>', 'Of objects of this model')
    .option('--object <object>', 'Of this object, for example site:12')
    .option('--identity <name>', 'What it is called on the server; * stands for anything')
    .addOption(new Option('--state <state>', 'In this state').choices(placementStates))
    .option('--limit <count>', 'How many', wholeNumber(1), 100)
    .option('--after <cursor>', 'Behind those of the page that told this cursor')
    .action(act(listCommand))
  withExamples(
    list,
    'place list --server web1 --backend nginx-site',
    'place list --identity www.example.com',
    "place list --identity '*.example.com' --state failed",
    'place list --server web1 --limit 1000 --json',
  )
}

async function listCommand(session: Session, options: ListOptions): Promise<Ending> {
  const page = await session.run(placeList, askedBy(options))
  const { total, placements, next } = page
  const { terminal } = session
  terminal.tell(page, ...table(columns(terminal), placements, terminal.width))
  if (!terminal.json) terminal.note(pageText(placements.length, total ?? placements.length, next))
  return 'done'
}

function pageText(shown: number, total: number, next: string | null): string {
  if (total === 0) return 'nothing that fits was placed'
  const more = next === null ? '' : `; the next are shown with --after ${next}`
  return `${shown} of ${total}${more}`
}

function columns(terminal: Terminal): Column<PlacementView>[] {
  return [
    { title: 'OBJECT', value: ({ object }) => object },
    { title: 'BACKEND', value: ({ backend }) => backend },
    { title: 'SERVER', value: ({ server }) => server },
    { title: 'IDENTITY', value: ({ identity }) => identity },
    {
      title: 'STATE',
      value: ({ state, stale }) => (stale ? `${state}, stale` : state),
      paint: (cell, { state, stale }) => terminal.colour(colourOf(state, stale), cell),
    },
    {
      title: 'APPLIED',
      value: ({ appliedAt }) => (appliedAt === null ? null : `${age(appliedAt)} ago`),
      align: 'right',
    },
    { title: 'LOG', value: ({ logId }) => logId, align: 'right' },
  ]
}

function colourOf(state: PlacementState, stale: boolean): 'green' | 'red' | 'yellow' {
  if (state === 'failed') return 'red'
  return state === 'applied' && !stale ? 'green' : 'yellow'
}
