import { expect, test } from 'vitest'
import { isQuiet } from '../../src/cli/status.ts'
import { readStatus } from '../../src/placements/index.ts'
import type { Store } from '../../src/store/index.ts'
import { addServer } from '../logs/fixtures.ts'
import { describeStores } from '../support/stores.ts'

interface Ended {
  state: string
  mode?: string
  serverId?: number
  backend?: string
  inspects?: boolean
  error?: string
}

describeStores('synchronizations in the status', (open) => {
  async function add(
    store: Store,
    { state, mode, serverId, backend, inspects, error }: Ended,
  ): Promise<number> {
    const [row] = await store.query<{ id: number }>(
      `insert into orchestra.sync (state, mode, server_id, backend, inspects, error, actor, source, ended_at)
       values ($1, $2, $3, $4, $5, $6, 'ann', 'schedule', case when $1 in ('comparing', 'inspecting') then null else now() end)
       returning id`,
      [state, mode ?? 'sync', serverId ?? null, backend ?? null, inspects ?? true, error ?? null],
    )
    return row?.id ?? 0
  }
  const shown = async (store: Store) => (await readStatus(store)).syncs.map(({ id }) => id)

  test('open ones are shown and are no failure', async () => {
    const store = await open()
    const comparing = await add(store, { state: 'comparing' })
    const inspecting = await add(store, { state: 'inspecting', mode: 'check' })
    await add(store, { state: 'done' })
    await add(store, { state: 'cancelled' })
    expect(await shown(store)).toEqual([comparing, inspecting])
    expect(isQuiet(await readStatus(store))).toBe(true)
  })

  test('one that the guard stopped is shown with its reason until one of the same is done', async () => {
    const store = await open()
    const serverId = await addServer(store, 'web1')
    const id = await add(store, { state: 'stopped', serverId, backend: 'page', error: 'too much' })
    const status = await readStatus(store)
    expect(status.syncs).toMatchObject([
      {
        id,
        mode: 'sync',
        state: 'stopped',
        server: 'web1',
        backend: 'page',
        object: null,
        error: 'too much',
      },
    ])
    expect(isQuiet(status)).toBe(false)
    await add(store, { state: 'done', serverId, backend: 'other' })
    await add(store, { state: 'done', serverId, backend: 'page', mode: 'check' })
    await add(store, { state: 'done', serverId, backend: 'page', inspects: false })
    expect(await shown(store)).toEqual([id])
    await add(store, { state: 'done', serverId, backend: 'page' })
    expect(isQuiet(await readStatus(store))).toBe(true)
  })

  test('one of more makes up for it too, and of many the last is shown', async () => {
    const store = await open()
    const serverId = await addServer(store, 'web1')
    await add(store, { state: 'stopped', serverId })
    const last = await add(store, { state: 'failed', serverId })
    const check = await add(store, { state: 'failed', serverId, mode: 'check' })
    expect(await shown(store)).toEqual([last, check])
    await add(store, { state: 'done' })
    expect(await shown(store)).toEqual([])
  })
})
