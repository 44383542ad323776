import type { Config } from '../packages/orchestra/src/config/config.ts'
import { createApp } from '../packages/orchestra/src/http/app.ts'
import { anybody } from '../packages/orchestra/src/http/index.ts'
import type { Connection, Store } from '../packages/orchestra/src/store/index.ts'
import type { Request } from './api-requests.ts'

/** Tables of which the rows become more for as long as a store is used. */
const growing: ReadonlySet<string> = new Set([
  'audit',
  'delivery',
  'event',
  'finding',
  'incident',
  'incident_step',
  'inspection',
  'log',
  'log_chunk',
  'log_operation',
  'operation',
  'placement',
  'sync',
  'sync_removal',
  'transfer',
  'unit',
])

interface Statement {
  text: string
  values: readonly unknown[]
}

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Parent Relationship'?: string
  Filter?: string
  Plans?: Plan[]
}

/** Which table a request reads from one end to the other, and by which statement. */
export interface Scan {
  request: string
  table: string
  statement: string
}

/** Of what waits to be looked at, all is read in places: it is little while somebody works. */
export async function sequentialScans(
  { store, config }: { store: Store; config: Config },
  requests: readonly Request[],
): Promise<Scan[]> {
  const asked: Statement[] = []
  const app = createApp({
    store: recording(store, asked),
    config,
    load: async () => ({ config, path: '' }),
    environment: {},
    holds: 'store',
    hosts: new Set(),
    authenticate: anybody(),
    onError: (error) => {
      throw error
    },
  })
  const found: Scan[] = []
  try {
    for (const { name, path } of requests) {
      asked.length = 0
      const { statusCode, body } = await app.inject({ url: `/api/v1${path}`, authority: '127.0.0.1' })
      if (statusCode >= 500) throw new Error(`${name}: ${body}`)
      for (const statement of [...asked])
        for (const table of await scannedBy(store, statement))
          found.push({ request: name, table, statement: statement.text })
    }
  } finally {
    await app.close()
  }
  return found
}

/** The same store, which notes what it is asked. */
function recording(store: Store, asked: Statement[]): Store {
  const noting = <Queried extends Connection>(db: Queried): Queried => ({
    ...db,
    query: (text: string, values: readonly unknown[] = []) => {
      asked.push({ text, values })
      return db.query(text, values)
    },
  })
  return {
    ...noting(store),
    transaction: (work, options) => store.transaction((tx) => work(noting(tx)), options),
  }
}

/** Where an index can be used it is, however few rows there are yet. */
async function scannedBy(store: Store, { text, values }: Statement): Promise<string[]> {
  if (!/^\s*(select|with)\b/i.test(text)) return []
  return store.transaction(async (tx) => {
    // The price too: what is forbidden is only counted, and of two ways to look into a subquery the cheaper one is taken.
    await tx.query('set local enable_seqscan = off; set local seq_page_cost = 1e9')
    const [row] = await tx.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(`explain (format json) ${text}`, values)
    return scansOf(row?.['QUERY PLAN'][0]?.Plan)
  })
}

/** @param isBounded whether so many rows are taken only: then what takes them as they come reads no more */
function scansOf(plan: Plan | undefined, isBounded = false): string[] {
  if (plan === undefined) return []
  const table = (plan['Relation Name'] ?? '').replace(/_(\d+|rest|before)$/, '')
  const readsAll = plan['Node Type'] === 'Seq Scan' && !(isBounded && plan.Filter === undefined)
  const own = readsAll && growing.has(table) ? [table] : []
  const passes = plan['Node Type'] === 'Limit' || (isBounded && /Join|Loop/.test(plan['Node Type']))
  return [
    ...own,
    ...(plan.Plans ?? []).flatMap((one) => scansOf(one, passes && one['Parent Relationship'] === 'Outer')),
  ]
}
