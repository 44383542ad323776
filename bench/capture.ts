import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installCapture } from '../packages/orchestra/src/capture/index.ts'
import { migrate, openStore, type Store } from '../packages/orchestra/src/store/index.ts'
import { atMost, type Findings, type Goal, inTurns, median, timed } from './measure.ts'
import { createTable, page } from './project.ts'
import type { Machines } from './stage.ts'

export const about = 'what capture adds to inserts of 1, 1,000 and 10,000 rows'

const turnsOf = { full: { 1: 300, 1000: 30, 10000: 15 }, quick: { 1: 20, 1000: 3, 10000: 2 } }
const sizes = [1, 1000, 10000] as const

export async function run(machines: Machines, size: 'full' | 'quick'): Promise<Findings> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestra-bench-'))
  const store = await openStore({ databaseUrl: await machines.postgres.database(), directory })
  try {
    await migrate(store)
    await store.query(createTable)
    await store.query('create table plain (like page including all)')
    await installCapture(store, [page])
    return await compare(store, size)
  } finally {
    await store.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function compare(store: Store, size: 'full' | 'quick'): Promise<Findings> {
  const figures: Record<string, number> = {}
  const ratios: Record<string, number> = {}
  const goals: Goal[] = []
  for (const rows of sizes) {
    const times = await inTurns(turnsOf[size][rows], {
      plain: () => insert(store, 'plain', rows),
      captured: () => insert(store, 'page', rows),
    })
    const ratio = median(times.captured) / median(times.plain)
    figures[`plain${rows}Milliseconds`] = median(times.plain)
    figures[`captured${rows}Milliseconds`] = median(times.captured)
    ratios[`capturedToPlain${rows}`] = ratio
    goals.push(atMost(`an insert of ${rows} rows with capture, times one without`, ratio, 2))
  }
  return { figures, ratios, goals, notes: ['durable commits; each insert is a transaction of its own'] }
}

let inserted = 0

/** Milliseconds of one insert. Nothing is deleted in between: new rows in tables that grow, as applications write them. */
async function insert(store: Store, table: string, rows: number): Promise<number> {
  const first = inserted + 1
  inserted += rows
  return timed(() =>
    store.query(
      `insert into ${table} select id, 'bench1', 'page ' || id from generate_series($1::int, $2::int) id`,
      [first, inserted],
    ),
  )
}
