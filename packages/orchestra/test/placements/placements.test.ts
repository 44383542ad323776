import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { createLogWriter } from '../../src/logs/index.ts'
import { listPlacements, objectStatus, readStatus, unitStatus } from '../../src/placements/index.ts'
import type { Store } from '../../src/store/index.ts'
import { addLog, addOperation, addServer } from '../logs/fixtures.ts'
import { describeStores } from '../support/stores.ts'

describeStores('placements', (open) => {
  async function place(
    store: Store,
    serverId: number,
    key: string,
    state: 'applied' | 'failed' = 'applied',
    backend = 'nginx',
  ): Promise<void> {
    await store.query(
      `insert into orchestra.placement
         (backend, server_id, model, object_key, keys, identity, want_identity, stands, attempt, revision, applied_at)
       values ($1, $2, 'site', $3, '[]', $3, $3, $4, $5, 'r1', '2026-01-02T03:04:05.678Z')`,
      [backend, serverId, key, ...(state === 'applied' ? [0, 0] : [null, 1])],
    )
  }

  test('placements are listed by server, backend, object and state', async () => {
    const store = await open()
    const web1 = await addServer(store, 'web1')
    const web2 = await addServer(store, 'web2')
    await place(store, web1, '1')
    await place(store, web1, '2', 'failed')
    await place(store, web2, '1')
    await place(store, web2, '1', 'applied', 'cron')
    const places = async (filter: Parameters<typeof listPlacements>[1]) =>
      (await listPlacements(store, filter)).map((row) => `${row.object} ${row.backend} ${row.server}`)
    expect(await places({})).toEqual([
      'site:1 cron web2',
      'site:1 nginx web1',
      'site:1 nginx web2',
      'site:2 nginx web1',
    ])
    expect(await places({ server: 'web1' })).toEqual(['site:1 nginx web1', 'site:2 nginx web1'])
    expect(await places({ backend: 'cron' })).toEqual(['site:1 cron web2'])
    expect(await places({ object: 'site:1', server: 'web2' })).toEqual([
      'site:1 cron web2',
      'site:1 nginx web2',
    ])
    expect(await places({ state: 'failed' })).toEqual(['site:2 nginx web1'])
    expect(await places({ limit: 1 })).toHaveLength(1)
    expect((await listPlacements(store, { state: 'failed' }))[0]).toMatchObject({
      revision: 'r1',
      appliedAt: '2026-01-02T03:04:05.678Z',
    })
  })

  test('an object tells what stands where and what waits for what', async () => {
    const store = await open()
    const web1 = await addServer(store, 'web1')
    const web2 = await addServer(store, 'web2')
    await place(store, web1, '1,x')
    const retried = await addOperation(store, { serverId: web1, key: '1,x' })
    await store.query(
      `update orchestra.operation set outcome = 'failure', error = 'nginx -t failed', attempt = 2,
         due_at = now() + interval '1 hour' where id = $1`,
      [retried],
    )
    await addOperation(store, { serverId: web2, key: '1,x' })
    await addOperation(store, { serverId: web2, key: '1' })
    const undecided = await addOperation(store, { key: '1,x' })
    await store.query(`update orchestra.operation set server_id = null, backend = null where id = $1`, [
      undecided,
    ])
    await store.query(
      `insert into orchestra.change (unit_id, model, keys)
       values (gen_random_uuid(), 'site', '[["0"], ["1","x"]]'), (gen_random_uuid(), 'site', '[["x","1"], ["1"]]')`,
    )
    const status = await objectStatus(store, 'site', ['1', 'x'])
    expect(status).toMatchObject({
      object: 'site:1,x',
      uncollected: 1,
      undecided: [{ id: undecided, server: null }],
    })
    expect(status.places).toMatchObject([
      {
        server: 'web1',
        placement: { state: 'applied' },
        pending: [{ id: retried, attempt: 2, outcome: 'failure', waitsFor: { kind: 'retry' } }],
      },
      { server: 'web2', placement: null, pending: [{ waitsFor: { kind: 'no-worker' } }] },
    ])
    expect(JSON.parse(JSON.stringify(status))).toEqual(status)
  })

  test('work that only a disabled route leads to names the route', async () => {
    const store = await open()
    const web1 = await addServer(store, 'web1')
    const operation = await addOperation(store, { serverId: web1 })
    await store.query('update orchestra.operation set held = true where id = $1', [operation])
    const [route] = await store.query<{ id: number }>(
      `insert into orchestra.route (backend, server_id, enabled)
       values ('nginx', $1, false), ('nginx', $1, true), ('cron', $1, false) returning id`,
      [web1],
    )
    const status = await objectStatus(store, 'site', ['1'])
    const text = `route ${route?.id} is disabled`
    expect(status.places[0]?.pending[0]?.waitsFor).toEqual({ kind: 'route-disabled', text })
    expect((await readStatus(store)).servers[0]?.heldByRoute).toBe(1)
  })

  test('a unit follows its operations to the ones that took their place', async () => {
    const store = await open()
    const web1 = await addServer(store)
    const [unitId, laterUnit] = [randomUUID(), randomUUID()]
    expect(await unitStatus(store, unitId)).toBeUndefined()
    await store.query(
      `insert into orchestra.change (unit_id, actor, source, model, keys) values ($1, 'ann', 'POST /site', 'site', '[["1"]]')`,
      [unitId],
    )
    expect(await unitStatus(store, unitId)).toMatchObject({
      state: 'collecting',
      actor: 'ann',
      operations: [],
    })
    await store.query(`update orchestra.change set error = 'the loader threw'`)
    expect(await unitStatus(store, unitId)).toMatchObject({ state: 'collecting', error: 'the loader threw' })
    expect((await readStatus(store)).totals).toMatchObject({
      uncollected: 1,
      collectorError: 'the loader threw',
    })
    await store.query('delete from orchestra.change')
    await store.query(
      `insert into orchestra.unit (id, actor, source, created_at) values ($1, 'ann', 'POST /site', now())`,
      [unitId],
    )
    const first = await addOperation(store, { serverId: web1, unitId })
    const second = await addOperation(store, { serverId: web1, unitId: laterUnit })
    const third = await addOperation(store, { serverId: web1, unitId: laterUnit })
    await supersede(store, first, second)
    await supersede(store, second, third)
    expect(await unitStatus(store, unitId)).toMatchObject({
      state: 'pending',
      source: 'POST /site',
      operations: [{ id: first, supersededBy: third, carriedBy: laterUnit, state: 'waiting' }],
    })
    await store.query(`update orchestra.operation set state = 'done', outcome = 'success' where id = $1`, [
      third,
    ])
    expect(await unitStatus(store, unitId)).toMatchObject({
      state: 'settled',
      operations: [{ id: first, outcome: 'success', outputTail: null }],
    })
  })

  test('a unit whose operation failed shows why, with the end of its output', async () => {
    const store = await open()
    const web1 = await addServer(store)
    const unitId = randomUUID()
    await store.query('insert into orchestra.unit (id, created_at) values ($1, now())', [unitId])
    const fine = await addOperation(store, { serverId: web1, unitId, key: '1' })
    const bad = await addOperation(store, { serverId: web1, unitId, key: '2' })
    const logId = await addLog(store, web1, { operations: [fine, bad] })
    const writer = createLogWriter(store, { logId })
    await writer.write('stdout', 0, Buffer.from('not this'))
    await writer.write('stdout', 1, Buffer.from('€'.repeat(1_000)))
    await writer.write('stderr', 1, Buffer.from('syntax error'))
    await writer.finish({ state: 'FAILURE' })
    await store.query(
      `update orchestra.operation set log_id = $3, state = case id when $1 then 'done' else 'waiting' end,
         outcome = case id when $1 then 'success' else 'failure' end, error = case id when $2 then 'exit status 1' end,
         due_at = now() + interval '1 minute' where id in ($1, $2)`,
      [fine, bad, logId],
    )
    const status = await unitStatus(store, unitId)
    expect(status).toMatchObject({
      state: 'failing',
      operations: [
        { id: fine, outcome: 'success', outputTail: null, nextTry: null },
        { id: bad, outcome: 'failure', error: 'exit status 1', logId },
      ],
    })
    expect(status?.operations[1]?.nextTry).not.toBeNull()
    expect(status?.operations[1]?.outputTail).toMatch(/^€+syntax error$/)
    expect(status?.operations[1]?.outputTail?.length).toBeLessThan(700)
  })

  test('the status tells every server, what waits there and why', async () => {
    const store = await open()
    const web1 = await addServer(store, 'web1')
    const web2 = await addServer(store, 'web2')
    await addServer(store, 'web3')
    await store.query(
      `update orchestra.server set held_at = now(), held_by = 'ann', held_reason = 'move' where id = $1`,
      [web1],
    )
    await store.query(
      `update orchestra.lane set blocked_outcome = 'unreachable', blocked_reason = 'refused', blocked_since = now(),
         attempt = 3, due_at = now() + interval '1 minute' where server_id = $1`,
      [web2],
    )
    await addOperation(store, { serverId: web1, key: '1' })
    const failed = await addOperation(store, { serverId: web1, key: '2' })
    await store.query(`update orchestra.operation set outcome = 'failure', error = 'no' where id = $1`, [
      failed,
    ])
    const running = await addOperation(store, { serverId: web2 })
    await store.query(`update orchestra.operation set state = 'running' where id = $1`, [running])
    const logId = await addLog(store, web2, { operations: [running] })
    await addOperation(store, { key: '9' })
    await store.query(
      `insert into orchestra.change (unit_id, model, keys) values (gen_random_uuid(), 'site', '[["1"],["2"]]')`,
    )
    await store.query(`insert into orchestra.worker (id, host, pid) values (gen_random_uuid(), 'here', 42)`)
    await store.query(`insert into orchestra.setting values ('paused', '{"by":"ann","at":"T","reason":"r"}')`)
    const status = await readStatus(store)
    expect(status).toMatchObject({
      paused: { by: 'ann', reason: 'r' },
      workers: [{ host: 'here', pid: 42 }],
      servers: [
        {
          name: 'web1',
          held: { by: 'ann', reason: 'move' },
          blocked: null,
          waiting: 2,
          failing: 1,
          running: 0,
        },
        {
          name: 'web2',
          held: null,
          blocked: { outcome: 'unreachable', reason: 'refused', attempt: 3 },
          running: 1,
          runningLog: { id: logId, backend: 'nginx' },
        },
        { name: 'web3', waiting: 0, running: 0, oldestWaiting: null, runningLog: null },
      ],
      failing: [{ id: failed, error: 'no', waitsFor: { kind: 'paused' } }],
      totals: { waiting: 2, running: 1, failing: 1, undecided: 1, uncollected: 2 },
    })
    expect(JSON.parse(JSON.stringify(status))).toEqual(status)
  })

  async function supersede(store: Store, id: number, heir: number): Promise<void> {
    await store.query(
      `update orchestra.operation set state = 'superseded', superseded_by = $2 where id = $1`,
      [id, heir],
    )
  }
})
