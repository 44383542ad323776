import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { OrchestraError } from '../../src/errors.ts'
import { addServer } from '../../src/fleet/index.ts'
import { endInspection, type Inspection, stopSync } from '../../src/inspect/inspection.ts'
import type { Claim } from '../../src/manager/claim.ts'
import { blockLane, unblockLane } from '../../src/manager/lease.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import type { Store } from '../../src/store/index.ts'
import { postpone } from '../../src/transfer/transfer.ts'
import { Happenings } from '../support/happenings.ts'
import { describeStores } from '../support/stores.ts'

describeStores('troubles', (open) => {
  async function opened(): Promise<{ store: Store; ids: number[] }> {
    const store = await open()
    const ids: number[] = []
    for (const name of ['web1', 'web2'])
      ids.push((await addServer(store, { name, method: 'local', by: 'me' })).id)
    return { store, ids }
  }
  const owner = randomUUID()
  /** As a worker whose script did not get there, or did. */
  async function block(store: Store, id: number | undefined, reason: string | null): Promise<void> {
    await store.query('update orchestra.lane set owner = $2 where server_id = $1', [id, owner])
    const claim = { server: { id }, owner, fence: 0, laneAttempt: 0 } as Claim
    if (reason === null) await unblockLane(store, claim)
    else await blockLane(store, claim, 'unreachable', reason, { base: 1, cap: 1 })
  }

  it('of a server are told when they begin, when they are others, and when they end', async () => {
    const { store, ids } = await opened()
    await block(store, ids[1], 'away before')
    const troubles = new Happenings(store)
    expect(await troubles.next()).toMatchObject([
      { event: 'server-blocked', server: 'web2', reason: 'away before' },
    ])
    expect(await troubles.next()).toEqual([])
    await block(store, ids[0], 'the host key changed')
    await holdServer(store, 'web2', { by: 'alice', reason: 'disk' })
    expect(await troubles.next()).toMatchObject([
      { event: 'server-blocked', server: 'web1', outcome: 'unreachable', reason: 'the host key changed' },
      { event: 'server-held', server: 'web2', by: 'alice', reason: 'disk' },
    ])
    await block(store, ids[0], 'no route to host')
    await block(store, ids[0], 'no route to host')
    await block(store, ids[1], null)
    await releaseServer(store, 'web2', { by: 'alice' })
    expect((await troubles.next()).map(({ event }) => event)).toEqual([
      'server-blocked',
      'server-answers',
      'server-released',
    ])
    expect(await troubles.next()).toEqual([])
  })

  it('of transfers are told at each try, those of before not', async () => {
    const { store, ids } = await opened()
    const add = (key: string, error: string | null) =>
      store.query(
        `insert into orchestra.transfer (backend, model, object_key, from_server, to_server, attempt, error)
         values ('home', 'user', $1, $2, $3, 1, $4)`,
        [key, ids[0], ids[1], error],
      )
    await add('1', 'tar: broken pipe')
    await add('2', null)
    const troubles = new Happenings(store)
    expect(await troubles.next()).toEqual([])
    await store.query('update orchestra.transfer set owner = $1', [owner])
    for (const id of [1, 2]) await postpone(store, id, owner, { delay: 1, error: 'no space left' })
    const told = {
      event: 'transfer-failed',
      backend: 'home',
      from: 'web1',
      to: 'web2',
      error: 'no space left',
    }
    expect(await troubles.next()).toMatchObject([
      { ...told, object: 'user:1' },
      { ...told, object: 'user:2' },
    ])
    expect(await troubles.next()).toEqual([])
  })

  it('of synchronizations and of looks at servers are told once, those of before not', async () => {
    const { store, ids } = await opened()
    const begin = async () => {
      const [row] = await store.query<{ id: number }>(
        `insert into orchestra.sync (mode, source, state) values ('sync', 'schedule', 'inspecting') returning id`,
      )
      return row?.id ?? 0
    }
    const stop = async () => {
      const id = await begin()
      await store.transaction((tx) => stopSync(tx, id, new OrchestraError('ORC_SYNC_UNKNOWN', 'too much')))
    }
    await stop()
    const troubles = new Happenings(store)
    expect(await troubles.next()).toEqual([])
    await stop()
    const syncId = await begin()
    const [inspection] = await store.query<{ id: number }>(
      `insert into orchestra.inspection (sync_id, server_id, backend, state) values ($2, $1, 'page', 'running') returning id`,
      [ids[0], syncId],
    )
    for (const [name, state] of [
      ['a', 'drifted'],
      ['b', 'missing'],
      ['c', 'unowned'],
    ])
      await store.query(
        `insert into orchestra.finding (inspection_id, server_id, backend, model, object_key, identity, state)
         values ($1, $2, 'page', 'site', $3, $3, $4)`,
        [inspection?.id, ids[0], name, state],
      )
    await store.transaction((tx) => endInspection(tx, { id: inspection?.id, syncId } as Inspection, 'done'))
    expect(await troubles.next()).toEqual([
      {
        event: 'sync-stopped',
        notedAt: expect.any(String),
        sync: expect.any(Number),
        mode: 'sync',
        state: 'stopped',
        source: 'schedule',
        error: 'too much',
      },
      {
        event: 'drift',
        notedAt: expect.any(String),
        server: 'web1',
        backend: 'page',
        drifted: 1,
        missing: 1,
        objects: ['site:a', 'site:b'],
      },
    ])
    expect(await troubles.next()).toEqual([])
  })
})
