import type { Command } from 'commander'
import { matrixRead } from '../operate/index.ts'
import type { Matrix } from '../placements/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addMatrixCommand(program: Command, act: Act): void {
  const matrix = program
    .command('matrix')
    .description('Servers by backends: how much there is of each, and how much of it waits, runs or fails')
    .option(...queryOption)
    .option('--limit <count>', 'How many servers', wholeNumber(1), 1_000)
    .option('--after <server>', 'Behind this one')
    .action(act(matrixCommand))
  withExamples(matrix, 'matrix', "matrix --query 'tag:web is:failing'")
}

interface Options {
  query?: string
  limit: number
  after?: string
}

async function matrixCommand(session: Session, options: Options): Promise<Ending> {
  const { terminal } = session
  const matrix = await session.run(matrixRead, askedBy(options))
  terminal.tell(matrix, ...table(columnsOf(matrix), matrix.servers, terminal.width))
  if (matrix.servers.length === 0) terminal.note('no servers fit')
  if (matrix.next !== null) terminal.note(`more: --after ${matrix.next}`)
  return 'done'
}

function columnsOf({ backends, counts }: Matrix): Column<Matrix['servers'][number]>[] {
  return [
    { title: 'SERVER', value: ({ server }) => server },
    { title: 'STATE', value: ({ held, blocked }) => (held ? 'held' : blocked ? 'blocked' : 'open') },
    ...backends.map((backend, at) => ({
      title: (backend || 'undecided').toUpperCase(),
      value: ({ cells }: Matrix['servers'][number]) => cellText(counts, cells[at] ?? null),
    })),
  ]
}

/** How much stands there, and what of it is to be thought of: `120 2failing 1waiting`. */
function cellText(counts: Matrix['counts'], cell: readonly number[] | null): string {
  if (cell === null) return '-'
  const [placed = 0, ...rest] = cell
  const told = rest.flatMap((count, at) => (count > 0 ? [`${count} ${counts[at + 1]}`] : []))
  return [String(placed), ...told].join(', ')
}
