import { expect, it } from 'vitest'
import { dueLanes } from '../../src/manager/due-lanes.ts'
import type { Queryable, Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'

const duties = { backends: ['files'], foreign: [] }

/** Pages that a query of the sweep reads. */
async function pagesRead(store: Store): Promise<number> {
  let pages = -1
  const explaining = {
    query: async (text: string, values: readonly unknown[]) => {
      const [row] = await store.query<Record<string, { Plan: Record<string, number> }[]>>(
        `explain (analyze, buffers, format json) ${text}`,
        values,
      )
      const plan = Object.values(row ?? {})[0]?.[0]?.Plan
      pages = (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0)
      return []
    },
  }
  await dueLanes(explaining as Queryable, duties)
  return pages
}

describeStores('a sweep', (open, kind) => {
  it('reads nothing of what rests, waits for a route, or belongs to a held server', async () => {
    if (kind === 'pglite') return
    const store = await open()
    await store.query(
      `insert into orchestra.server (name, method, host, login, tags, held_at)
       select 's' || n, 'ssh', 'h', 'root', '{}', case when n <= 50 then now() end from generate_series(1, 100) n`,
    )
    await store.query('insert into orchestra.lane (server_id) select id from orchestra.server')
    const wait = (key: string, first: number, values: string) =>
      store.query(
        `insert into orchestra.placement (server_id, backend, model, object_key, keys, identity, want_identity, held, due_at)
         select $1 + n % 50, 'files', 'site', $2 || n, '["1"]', $2 || n, $2 || n, ${values}
         from generate_series(1, 10000) n`,
        [first, key],
      )
    await wait('a', 1, `false, '-infinity'`)
    await wait('b', 51, `true, '-infinity'`)
    await wait('c', 51, `false, now() + interval '1 hour'`)
    await store.query('analyze')
    expect(await pagesRead(store)).toBeLessThan(1_000)
    expect(await dueLanes(store, duties)).toEqual([])
    await wait('d', 51, `false, '-infinity'`)
    expect(await dueLanes(store, duties)).toHaveLength(50)
  })
})
