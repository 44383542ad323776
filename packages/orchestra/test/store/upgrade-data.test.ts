import { expect, it } from 'vitest'
import { migrate, type Store } from '../../src/store/index.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { describeStores } from '../support/stores.ts'

/** The last schema in which a placement said only that its data was not there yet. */
const BEFORE_PLACES = 11

async function migrateBefore(store: Store): Promise<void> {
  await store.query('drop schema orchestra cascade; create schema orchestra')
  await store.query(
    'create table orchestra.migration (version integer primary key, at timestamptz not null default now())',
  )
  for (const [index, { change, sql }] of migrations.slice(0, BEFORE_PLACES).entries()) {
    await store.query(`${change}; ${sql}`)
    await store.query('insert into orchestra.migration (version) values ($1)', [index + 1])
  }
  await store.query(
    `insert into orchestra.server (name, method, host, directory) values ('a', 'local', 'a', '/'), ('b', 'local', 'b', '/')`,
  )
  await store.query('insert into orchestra.lane (server_id) values (1), (2)')
}

interface Given {
  key: string
  server: 1 | 2
  state: 'applied' | 'deleting' | 'kept'
  hollow: boolean
}

async function place(store: Store, { key, server, state, hollow }: Given): Promise<void> {
  await store.query(
    `insert into orchestra.placement
       (backend, server_id, model, object_key, keys, identity, snapshot, revision, state, hollow, applied_at, kept_at)
     values ('home', $1, 'user', $2, jsonb_build_array($2::text), $2, '{}', 'old', $3, $4, now(), case when $3 = 'kept' then now() end)`,
    [server, key, state, hollow],
  )
}

async function transfer(store: Store, key: string): Promise<void> {
  await store.query(
    `insert into orchestra.transfer (backend, model, object_key, from_server, to_server) values ('home', 'user', $1, 1, 2)`,
    [key],
  )
}

describeStores('an upgrade of the release that knew no places', (open) => {
  it('says of every copy whether it has data of its own', async () => {
    const store = await open()
    await migrateBefore(store)
    const given: Given[] = [
      { key: 'alone', server: 2, state: 'applied', hollow: true },
      { key: 'moving', server: 1, state: 'deleting', hollow: false },
      { key: 'moving', server: 2, state: 'applied', hollow: true },
      { key: 'kept', server: 1, state: 'kept', hollow: false },
      { key: 'kept', server: 2, state: 'applied', hollow: true },
      { key: 'both', server: 1, state: 'applied', hollow: false },
      { key: 'both', server: 2, state: 'deleting', hollow: true },
      { key: 'going', server: 2, state: 'deleting', hollow: true },
    ]
    for (const one of given) await place(store, one)
    await transfer(store, 'moving')
    await migrate(store)
    const places = await store.query<{ place: string }>(
      `select object_key || ' ' || server_id || ' ' || data as place from orchestra.placement order by 1`,
    )
    expect(places.map((one) => one.place)).toEqual([
      'alone 2 own',
      'both 1 own',
      'both 2 awaits',
      'going 2 own',
      'kept 1 own',
      'kept 2 own',
      'moving 1 own',
      'moving 2 awaits',
    ])
  })
})
