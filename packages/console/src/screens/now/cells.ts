import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import type { State } from '../../parts/state-mark.tsx'

export type Matrix = AnswerOf<'GET /matrix'>
export type Row = Matrix['servers'][number]

/** Servers that are told at once: as many as the API tells. Whoever has more narrows them. */
const MOST_ROWS = 5_000

/** The matrix of the servers that a query leaves. */
export function matrixOf(q: string | undefined) {
  return asked('GET /matrix', { limit: MOST_ROWS, ...(q === undefined ? {} : { q }) })
}

/** What a cell is shown as: what is worst of it, and how much of it there is. */
export interface Cell {
  state: State
  count: number
}

/** Reads the numbers of a matrix by what they count. */
export function cellReader({ counts }: Matrix): (cell: readonly number[] | null) => Cell {
  const at = Object.fromEntries(counts.map((name, place) => [name, place])) as Record<string, number>
  return (cell) => {
    if (cell === null) return { state: 'none', count: 0 }
    const of = (name: string) => cell[at[name] ?? -1] ?? 0
    const found = worst.find(([, name]) => of(name) > 0)
    if (found !== undefined) return { state: found[0], count: of(found[1]) }
    return of('placed') > 0 ? { state: 'ok', count: of('placed') } : { state: 'none', count: 0 }
  }
}

const worst: readonly (readonly [State, string])[] = [
  ['failing', 'failing'],
  ['running', 'running'],
  ['held', 'held'],
  ['waiting', 'waiting'],
  ['drifted', 'drifted'],
  ['stale', 'stale'],
]

/** How much waits on a server in all. */
export function waitingOf({ counts }: Matrix, { cells }: Row): number {
  const place = counts.indexOf('waiting')
  return cells.reduce((sum, cell) => sum + (cell?.[place] ?? 0), 0)
}

/** How much a server needs somebody: for who sees one below the other. */
export function troubleOf(matrix: Matrix, row: Row): number {
  const read = cellReader(matrix)
  const failing = row.cells.filter((cell) => read(cell).state === 'failing').length
  return (row.blocked ? 1_000 : 0) + failing * 100 + (row.held ? 50 : 0) + Math.min(9, waitingOf(matrix, row))
}
