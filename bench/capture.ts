import type { Store } from '../packages/orchestra/src/store/index.ts'
import { openApplication } from './application.ts'
import { atMost, type Findings, inTurns, median, timed } from './measure.ts'
import type { Machines } from './stage.ts'

export const about = 'what capture adds to inserts of 1, 1,000 and 10,000 rows, and to an update of 100,000'

type Size = 'full' | 'quick'
type Table = 'plain' | 'page'

/** One statement, beside the same on the table without capture. */
interface Case {
  name: string
  what: string
  /** How many times as long it may take with capture. */
  bound: number
  turns: Readonly<Record<Size, number>>
  prepare?(store: Store): Promise<unknown>
  run(store: Store, table: Table): Promise<number>
}

const updatedOf = { full: 100_000, quick: 1_000 }

export async function run(machines: Machines, size: Size): Promise<Findings> {
  const { store, close } = await openApplication(machines.postgres)
  const cases = [
    insertion(1, { full: 300, quick: 20 }),
    insertion(1_000, { full: 30, quick: 3 }),
    insertion(10_000, { full: 15, quick: 2 }),
    update(updatedOf[size], { full: 11, quick: 2 }),
  ]
  try {
    const found: Findings[] = []
    for (const one of cases) found.push(await compare(store, one, size))
    return {
      figures: Object.assign({}, ...found.map(({ figures }) => figures)),
      ratios: Object.assign({}, ...found.map(({ ratios }) => ratios)),
      goals: found.flatMap(({ goals }) => goals),
      notes: ['durable commits; each statement is a transaction of its own'],
    }
  } finally {
    await close()
  }
}

async function compare(store: Store, measured: Case, size: Size): Promise<Findings> {
  const { name, what, bound, turns, run } = measured
  await measured.prepare?.(store)
  const times = await inTurns(turns[size], {
    plain: () => run(store, 'plain'),
    captured: () => run(store, 'page'),
  })
  const ratio = median(times.captured) / median(times.plain)
  return {
    figures: {
      [`plain${name}Milliseconds`]: median(times.plain),
      [`captured${name}Milliseconds`]: median(times.captured),
    },
    ratios: { [`capturedToPlain${name}`]: ratio },
    goals: [atMost(`${what} with capture, times one without`, ratio, bound)],
    notes: [],
  }
}

/** Nothing is deleted in between: new rows in tables that grow, as applications write them. */
function insertion(rows: number, turns: Case['turns']): Case {
  return {
    name: String(rows),
    what: `an insert of ${rows} rows`,
    bound: 2,
    turns,
    run: (store, table) =>
      timed(() =>
        store.query(
          `insert into ${table} (host, body) select 'bench1', 'page ' || n from generate_series(1, $1::int) n`,
          [rows],
        ),
      ),
  }
}

/** Between two turns the server tidies up: what one left behind is no work of the other. */
function update(rows: number, turns: Case['turns']): Case {
  return {
    name: `Update${rows}`,
    what: `an update of ${rows} rows`,
    bound: 1.5,
    turns,
    prepare: (store) =>
      store.query(`truncate page, plain;
        insert into page (host, body) select 'bench1', 'page ' || n from generate_series(1, ${rows}) n;
        insert into plain select * from page`),
    run: async (store, table) => {
      const elapsed = await timed(() => store.query(`update ${table} set body = body || '.'`))
      await store.query('truncate orchestra.change')
      await store.query(`vacuum ${table}`)
      await store.query('checkpoint')
      return elapsed
    },
  }
}
