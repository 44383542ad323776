import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { clean } from '../../src/manager/clean.ts'
import type { Store } from '../../src/store/index.ts'
import { addServer } from '../logs/fixtures.ts'
import { describeStores } from '../support/stores.ts'

const retention = { days: 30, auditDays: 400 }

const ago = (days: number) => `now() - ${days} * interval '1 day'`

async function count(store: Store, table: string): Promise<number> {
  const [row] = await store.query<{ count: number }>(`select count(*) as count from orchestra.${table}`)
  return row?.count ?? 0
}

describeStores('what retention removes', (open) => {
  it('has an end for the audit, and for the rows of workers that died', async () => {
    const store = await open()
    await store.query(`insert into orchestra.audit (at, actor, action, target)
      values (${ago(401)}, 'eva', 'server.add', 'gone'), (${ago(399)}, 'eva', 'server.add', 'kept')`)
    const [alive, dead] = [randomUUID(), randomUUID()]
    await store.query(
      `insert into orchestra.worker (id, host, pid, seen_at) values ($1, 'one', 1, now()), ($2, 'one', 2, ${ago(8)})`,
      [alive, dead],
    )
    await clean(store, retention)
    expect(await store.query('select target from orchestra.audit')).toEqual([{ target: 'kept' }])
    expect(await store.query('select id from orchestra.worker')).toEqual([{ id: alive }])
  })

  it('has an end for all that is history, and none for what is open or stands', async () => {
    const store = await open()
    const server = await addServer(store)
    const gone = await addServer(store, 'gone')
    const unit = randomUUID()
    await store.query(`insert into orchestra.unit (id, created_at) values ('${unit}', ${ago(50)})`)
    for (const ended of ['null', ago(31), ago(29)]) {
      await store.query(`insert into orchestra.operation
        (unit_id, server_id, backend, action, model, object_key, keys, state, ended_at)
        values ('${unit}', ${server}, 'files', 'save', 'site', '1', '["1"]',
          case when ${ended} is null then 'waiting' else 'done' end, ${ended})`)
      await store.query(`insert into orchestra.sync (mode, source, state, ended_at)
        values ('sync', 'cli', case when ${ended} is null then 'comparing' else 'done' end, ${ended})`)
      await store.query(`insert into orchestra.transfer (backend, model, object_key, from_server, to_server, ended_at)
        values ('files', 'site', '1', ${server}, ${server}, ${ended})`)
    }
    await store.query(`insert into orchestra.inspection (sync_id, server_id, backend)
      select id, ${server}, 'files' from orchestra.sync`)
    await store.query(`insert into orchestra.finding (inspection_id, server_id, backend, identity, state)
      values (1, ${server}, 'files', 'a.org', 'missing'), (1, ${gone}, 'files', 'a.org', 'missing')`)
    await store.query(`update orchestra.server set removed_at = now() where id = ${gone}`)
    await store.query(`insert into orchestra.unit (id, created_at) values (gen_random_uuid(), ${ago(31)})`)

    await clean(store, retention)

    const left = ['operation', 'sync', 'transfer', 'inspection', 'unit', 'finding']
    expect(await Promise.all(left.map((table) => count(store, table)))).toEqual([2, 2, 2, 2, 1, 1])
  })
})
