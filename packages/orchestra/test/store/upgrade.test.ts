import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { objectStatus } from '../../src/placements/index.ts'
import { migrate, type Store } from '../../src/store/index.ts'
import { sql as first } from '../../src/store/migrations/0001-first.ts'
import { domainFiles } from '../converge/domains.ts'
import { describeStores } from '../support/stores.ts'
import { createSites, useWorlds } from '../support/world.ts'

/** Queue, logs and placements as the first release has left them. */
async function takeBack(store: Store, directory: string): Promise<void> {
  await store.query('drop schema orchestra cascade')
  await store.query('create schema orchestra')
  await store.query(
    'create table orchestra.migration (version integer primary key, at timestamptz not null default now())',
  )
  await store.query(first)
  await store.query('insert into orchestra.migration (version) values (1)')
  await store.query(
    `insert into orchestra.server (name, method, host, directory) values ('here', 'local', 'localhost', $1)`,
    [directory],
  )
  await store.query('insert into orchestra.lane (server_id) values (1)')
  await store.query(`insert into orchestra.route (backend, server_id) values ('files', 1)`)
}

const snapshot = (id: number, domain: string) => JSON.stringify({ id, domain, body: '', plan: 'basic' })

async function placed(store: Store, id: number, domain: string): Promise<void> {
  await store.query(
    `insert into orchestra.placement (backend, server_id, model, object_key, keys, identity, snapshot, revision, state, applied_at)
     values ('files', 1, 'site', $1, jsonb_build_array($1::text), $2, $3, 'old', 'applied', now())`,
    [`${id}`, domain, snapshot(id, domain)],
  )
}

async function waiting(store: Store, id: number, action: string, domain: string): Promise<void> {
  await store.query(
    `insert into orchestra.operation (unit_id, server_id, backend, action, model, object_key, keys, snapshot)
     values ($1, 1, 'files', $2, 'site', $3, jsonb_build_array($3::text), $4)`,
    [randomUUID(), action, `${id}`, snapshot(id, domain)],
  )
}

async function logged(store: Store): Promise<void> {
  await store.query(
    `insert into orchestra.log (run_id, server_id, backend, method, state, script, script_bytes, fence, started_at, ended_at)
     values (gen_random_uuid(), 1, 'files', 'local', 'SUCCESS', 'the script', 10, 1, now(), now())`,
  )
  await store.query(
    `insert into orchestra.log_chunk (log_id, sequence, stream, data) values (1, 1, 1, 'said')`,
  )
}

describeStores('an upgrade of the first release', (open) => {
  const build = useWorlds(open)

  it('keeps its queue, logs and placements, and goes on with them', async () => {
    const world = await build({ backends: [domainFiles()], tables: createSites })
    const { store } = world
    const worker = await world.work()
    await store.query(
      `insert into site (id, domain) values (1, 'a.org'), (2, 'kept.org'), (3, 'gone.org'), (4, 'changed.org')`,
    )
    await world.calm()
    await worker.stop()
    await takeBack(store, `${world.directory}/here`)
    for (const [id, domain] of [
      [1, 'a.org'],
      [2, 'kept.org'],
      [3, 'gone.org'],
      [4, 'changed.org'],
    ] as const)
      await placed(store, id, domain)
    await logged(store)
    await store.query('alter table site disable trigger user')
    await store.query(`delete from site where id = 3`)
    await store.query(`update site set domain = 'b.org' where id = 1`)
    await store.query(`insert into site (id, domain) values (5, 'new.org')`)
    await waiting(store, 1, 'save', 'b.org')
    await waiting(store, 3, 'delete', 'gone.org')
    await waiting(store, 5, 'save', 'new.org')
    await store.query(
      `insert into orchestra.change (unit_id, model, keys) values (gen_random_uuid(), 'site', '[["4"]]')`,
    )

    expect(await migrate(store)).not.toEqual([])
    await world.work()
    await world.calm()

    expect(Object.keys(await world.files()).sort()).toEqual(['b.org', 'changed.org', 'kept.org', 'new.org'])
    const [log] = await store.query(
      'select l.script, c.data::text as said from orchestra.log l join orchestra.log_chunk c on c.log_id = l.id where l.id = 1',
    )
    expect(log).toMatchObject({ script: 'the script' })
    const { places } = await objectStatus(store, 'site', ['2'])
    expect(places[0]?.placement).toMatchObject({ identity: 'kept.org', state: 'applied' })
  })
})
