import { beforeEach, expect, it } from 'vitest'
import { pageOfFindings } from '../../src/inspect/findings.ts'
import { listLogs, readOutput } from '../../src/logs/index.ts'
import { listPlacements } from '../../src/placements/placement.ts'
import { cursorOf } from '../../src/placements/placement-cursor.ts'
import { listUnits } from '../../src/placements/unit-list.ts'
import { placesNamed } from '../../src/places/index.ts'
import { listAudit } from '../../src/server/index.ts'
import type { Store } from '../../src/store/index.ts'
import { listSyncs } from '../../src/sync/list.ts'
import { listTransfers } from '../../src/transfer/list.ts'
import { describeStores } from '../support/stores.ts'

const ROWS = 6_000

/** Tables as they are after a while: much of everything, and little of it open. */
const seed = `
insert into orchestra.server (name, host) select 'web' || n, 'web' || n from generate_series(1, 100) n;
insert into orchestra.unit (id, actor, created_at)
  select gen_random_uuid(), 'actor' || n % 50, date_trunc('second', now()) - n / 10 * interval '1 second' from generate_series(1, ${ROWS}) n;
insert into orchestra.operation (unit_id, server_id, backend, action, model, object_key, keys, state, ended_at)
  select u.id, 1 + n % 100, 'files', 'save', 'site', n::text, jsonb_build_array(n::text), 'done', now()
  from (select id, row_number() over () as n from orchestra.unit) u;
insert into orchestra.log (run_id, server_id, backend, method, state, script, script_bytes, fence, ended_at)
  select gen_random_uuid(), 1 + n % 100, 'files', 'ssh', case when n % 500 = 0 then 'FAILURE' else 'SUCCESS' end, 'x', 1, 1, now()
  from generate_series(1, ${ROWS}) n;
insert into orchestra.log_operation (log_id, operation_id, position) select n, n, 0 from generate_series(1, ${ROWS}) n;
insert into orchestra.log_chunk (log_id, sequence, stream, data) select n, 0, 1, 'said' from generate_series(1, ${ROWS}) n;
insert into orchestra.audit (actor, action, target) select 'actor' || n % 50, 'server.set', 'web' || n % 100 from generate_series(1, ${ROWS}) n;
insert into orchestra.sync (mode, source, state, ended_at)
  select 'sync', 'cli', case when n % 1000 = 0 then 'stopped' else 'done' end, now() from generate_series(1, ${ROWS}) n;
insert into orchestra.sync (mode, source) select 'sync', 'cli' from generate_series(1, 7) n;
insert into orchestra.transfer (backend, model, object_key, from_server, to_server, ended_at)
  select 'files', 'site', n::text, 1, 2, case when n % 300 <> 0 then now() end from generate_series(1, ${ROWS}) n;
insert into orchestra.finding (inspection_id, server_id, backend, model, object_key, identity, state)
  select 1, 1 + n % 100, 'files', 'site', n::text, n::text, 'missing' from generate_series(1, ${ROWS}) n;
insert into orchestra.placement (backend, server_id, model, object_key, keys, identity)
  select 'files', 1 + n % 100, 'site', n::text, jsonb_build_array(n::text), n::text from generate_series(1, ${ROWS}) n;
analyze`

/** Rows of a table that one list may look at, to answer at most 50 of 6,000. */
const MOST_READ = 500

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
}

/** Tables of which too much is read, with how. */
function wasteIn(plan: unknown): string[] {
  if (Array.isArray(plan)) return plan.flatMap(wasteIn)
  if (typeof plan !== 'object' || plan === null) return []
  return [...wasteOf(plan as PlanNode), ...Object.values(plan).flatMap(wasteIn)]
}

function wasteOf(node: PlanNode): string[] {
  const table = node['Relation Name']
  if (table === undefined || small.test(table)) return []
  const read = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
  return node['Node Type'] === 'Seq Scan' || read > MOST_READ
    ? [`${node['Node Type']} reads ${read} of ${table}`]
    : []
}

/** Small however long a store lives, and partitions that hold no rows. */
const small = /^(server|lane|setting|worker|.*_rest|.*_[12]0001)$/

async function waste(store: Store, list: (store: Store) => Promise<unknown>): Promise<string[]> {
  const wasted: string[] = []
  const explained: Store = {
    ...store,
    query: async <Row>(text: string, values?: readonly unknown[]) => {
      const explain = `explain (analyze, format json) ${text}`
      const [row] = await store.query<Record<string, unknown>>(explain, values)
      wasted.push(...wasteIn(row?.['QUERY PLAN']))
      return store.query<Row>(text, values)
    },
  }
  await list(explained)
  return wasted
}

describeStores('lists', (open, kind) => {
  let store: Store

  beforeEach(async () => {
    store = await open()
    await store.query(seed)
  })

  const lists: Record<string, (db: Store) => Promise<unknown>> = {
    logs: (db) => listLogs(db, { before: 3_000 }),
    'logs of a server': (db) => listLogs(db, { server: 'web3', before: 3_000 }),
    'failed logs': (db) => listLogs(db, { state: 'FAILURE', before: 3_000 }),
    'logs of an object': (db) => listLogs(db, { object: 'site:17' }),
    output: async (db) => {
      for await (const _ of readOutput(db, 17));
    },
    units: (db) => listUnits(db),
    'units of an actor': (db) => listUnits(db, { actor: 'actor7' }),
    audit: (db) => listAudit(db, { before: 3_000 }),
    'audit of a server': (db) => listAudit(db, { target: 'web3', before: 3_000 }),
    'audit of a person': (db) => listAudit(db, { by: 'actor7', before: 3_000 }),
    places: (db) =>
      listPlacements(db, {
        limit: 50,
        after: cursorOf({ object: 'site:3000', backend: 'files', server: 'web1' }),
      }),
    'places of a server': (db) => listPlacements(db, { server: 'web3', limit: 50 }),
    'kept places': (db) => listPlacements(db, { state: 'kept', limit: 50 }),
    syncs: (db) => listSyncs(db, { after: 10 }),
    transfers: (db) => listTransfers(db, { limit: 10, after: 300 }),
    'transfers of an object': (db) => listTransfers(db, { limit: 10, object: 'site:300' }),
    findings: (db) => pageOfFindings(db, { after: 3_000, limit: 50 }),
    'findings of a server': (db) => pageOfFindings(db, { server: 'web3', after: 3_000, limit: 50 }),
  }

  if (kind === 'postgres')
    it('read no more of a table that grows than they show', async () => {
      const wasted: Record<string, string[]> = {}
      for (const [name, list] of Object.entries(lists)) {
        const found = await waste(store, list)
        if (found.length > 0) wasted[name] = found
      }
      expect(wasted).toEqual({})
    })

  if (kind === 'postgres')
    it('of names on a server read no other names of it, where statistics know nothing of the server yet', async () => {
      await store.query(`
        insert into orchestra.server (id, name, host) overriding system value values (101, 'new', 'new');
        insert into orchestra.placement (backend, server_id, model, object_key, keys, identity, want_identity)
          select 'files', 101, 'site', n::text, jsonb_build_array(n::text), n::text, n::text from generate_series(1, ${ROWS}) n`)
      const names = Array.from({ length: 100 }, (_, index) => String(index * 7 + 1))
      const lane = { backend: 'files', serverId: 101 }
      expect(await placesNamed(store, lane, names)).toHaveLength(names.length)
      const wasted = await waste(store, (db) => placesNamed(db, lane, names))
      // A table of this size is best read whole, once.
      expect(wasted.filter((one) => !one.startsWith('Seq Scan'))).toEqual([])
    })

  it('go on behind the last entry, and leave none out where several are of the same moment', async () => {
    const units: string[] = []
    for (let before: string | undefined; units.length < 100; before = units.at(-1)) {
      const page = await listUnits(store, { limit: 7, ...(before === undefined ? {} : { before }) })
      units.push(...page.map(({ id }) => id))
    }
    const all = (await listUnits(store, { limit: units.length })).map(({ id }) => id)
    expect(units).toEqual(all)

    const transfers = [await listTransfers(store, { limit: 12 })]
    transfers.push(await listTransfers(store, { limit: 12, after: transfers[0]?.at(-1)?.id }))
    expect(transfers.flat()).toEqual(await listTransfers(store))
    const syncs = [await listSyncs(store, { limit: 3 })]
    syncs.push(await listSyncs(store, { after: syncs[0]?.at(-1)?.id }))
    expect(syncs.flat()).toEqual(await listSyncs(store))

    const found = new Set<string>()
    for (let after: number | null = 0; after !== null; ) {
      const page: Awaited<ReturnType<typeof pageOfFindings>> = await pageOfFindings(store, {
        limit: 1_700,
        after,
      })
      for (const { identity } of page.findings) found.add(identity)
      after = page.next
    }
    expect(found.size).toBe(ROWS)
  })
})
