import { findingHolds } from '../inspect/index.ts'
import { TALLY } from '../operations/tally.ts'
import type { Counted, Narrowed } from '../query/index.ts'
import { countServers, findServers, type ServerRow } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'

/** What is counted of a backend on a server, in the order of the numbers of a cell. */
export const cellCounts = [
  'placed',
  'stale',
  'kept',
  'waiting',
  'running',
  'failing',
  'held',
  'drifted',
] as const

type Cell = readonly number[]

/** Servers by backends. */
export interface Matrix extends Counted {
  /** What each number of a cell counts. */
  counts: typeof cellCounts
  /** What each cell of a row is of; work without a backend is under an empty name. */
  backends: string[]
  servers: MatrixRow[]
  /** The server behind which the next page goes on; null on the last. */
  next: string | null
}

export interface MatrixRow {
  server: string
  held: boolean
  blocked: boolean
  /** One for each backend; null where nothing of it is there. */
  cells: (Cell | null)[]
}

export interface MatrixSearch extends Narrowed {
  limit: number
  after?: string | undefined
}

/** What there is of each backend on each server, without counting anything. */
export async function readMatrix(store: Queryable, search: MatrixSearch): Promise<Matrix> {
  const found = await findServers(store, { ...search, limit: search.limit + 1 })
  const servers = found.slice(0, search.limit)
  const cells = await readCells(store, servers)
  const backends = [...new Set(cells.map(({ backend }) => backend))].sort()
  const blocked = await blockedAmong(store, servers)
  const byServer = Map.groupBy(cells, ({ server_id }) => server_id)
  return {
    counts: cellCounts,
    backends,
    servers: servers.map((server) => {
      const own = Map.groupBy(byServer.get(server.id) ?? [], ({ backend }) => backend)
      return {
        server: server.name,
        held: server.held_at !== null,
        blocked: blocked.has(server.id),
        cells: backends.map((backend) => toCell(own.get(backend))),
      }
    }),
    next: found.length > servers.length ? (servers.at(-1)?.name ?? null) : null,
    ...(await countServers(store, search)),
  }
}

type CellRow = { server_id: number; backend: string } & Partial<Record<(typeof cellCounts)[number], number>>

function toCell(rows: readonly CellRow[] | undefined): Cell | null {
  const numbers = cellCounts.map((count) => rows?.reduce((sum, row) => sum + (row[count] ?? 0), 0) ?? 0)
  return numbers.every((number) => number === 0) ? null : numbers
}

/** Two lists that are put together here: joined in SQL they take half as long again. */
async function readCells(store: Queryable, servers: readonly ServerRow[]): Promise<CellRow[]> {
  const ids = [servers.map(({ id }) => id)]
  const told = await store.query<CellRow>(
    `select * from ${TALLY} as tally where server_id = any($1::int[])`,
    ids,
  )
  const drifted = await store.query<CellRow>(
    `select f.server_id, f.backend, count(*) as drifted from orchestra.finding f
     where f.server_id = any($1::int[]) and f.state in ('drifted', 'missing') and ${findingHolds} group by f.server_id, f.backend`,
    ids,
  )
  return [...told, ...drifted]
}

async function blockedAmong(store: Queryable, servers: readonly ServerRow[]): Promise<Set<number>> {
  const rows = await store.query<{ server_id: number }>(
    'select server_id from orchestra.lane where blocked_since is not null and server_id = any($1::int[])',
    [servers.map(({ id }) => id)],
  )
  return new Set(rows.map(({ server_id: id }) => id))
}
