import { expect, it } from 'vitest'
import {
  acknowledgeIncident,
  listIncidents,
  mergeIncident,
  muteIncident,
  readIncident,
  reportIncident,
  resolveIncident,
  splitIncident,
  watchIncidents,
} from '../../src/incidents/index.ts'
import { clean } from '../../src/manager/clean.ts'
import { type BulkBegun, incidentRetry } from '../../src/operate/index.ts'
import type { Store } from '../../src/store/index.ts'
import { ask, askerOf } from '../operate/world.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

const seconds = (count: number) => new Date(Date.now() + count * 1_000)

async function stepsOf(store: Store, id: number): Promise<string[]> {
  return (await readIncident(store, id)).steps.map(({ kind }) => kind)
}

async function block(store: Store, isBlocked: boolean): Promise<void> {
  await store.query(
    `update orchestra.lane set blocked_since = ${isBlocked ? 'now()' : 'null'}, blocked_outcome = 'unreachable',
       blocked_reason = 'no route to host'`,
  )
}

describeStores('incidents', (open) => {
  const build = useWorlds(open)

  it('are what a worker saw fail, by its cause, and recover when it is well', {
    timeout: 180_000,
  }, async () => {
    const world = await build()
    const { store } = world
    await world.work()
    await store.query(`insert into site (id, body) values (1, 'fail'), (2, 'fail'), (3, 'well')`)
    await untilWithin(60_000, 'an incident', async () => {
      const [incident] = await listIncidents(store)
      return incident?.objects === 2
    })
    const [incident, ...others] = await listIncidents(store, {
      state: 'open',
      server: 'here',
      backend: 'files',
    })
    expect(others).toEqual([])
    expect(incident).toMatchObject({
      server: 'here',
      backend: 'files',
      outcome: 'failure',
      samples: ['site:1', 'site:2'],
      endedAt: null,
      muted: null,
    })
    expect(incident?.error).toContain('exit')
    expect(incident?.log).not.toBeNull()
    await store.query(`update site set body = 'well'`)
    await world.calm(60_000)
    await world.stopWorkers()
    await watchIncidents(store)
    await watchIncidents(store, seconds(60))
    expect(await listIncidents(store, { state: 'open' })).toEqual([])
    const id = incident?.id ?? 0
    expect(await readIncident(store, id)).toMatchObject({ state: 'recovered', objects: 0, most: 2 })
    expect((await stepsOf(store, id)).at(-1)).toBe('recovered')
    expect(world.errors).toEqual([])
  })

  it('of a blocked server is one, and what failed there before is neither told nor over', {
    timeout: 120_000,
  }, async () => {
    const world = await build()
    const { store } = world
    await store.query(`insert into site (id) values (1)`)
    await world.collect()
    await store.query(`update orchestra.operation set outcome = 'failure', error = 'exit 3'`)
    await watchIncidents(store)
    await block(store, true)
    await watchIncidents(store, seconds(5))
    await watchIncidents(store, seconds(600))
    const blocked = await listIncidents(store, { state: 'open' })
    expect(blocked.map(({ backend, outcome }) => [backend, outcome])).toEqual([
      [null, 'unreachable'],
      ['files', 'failure'],
    ])
    await block(store, false)
    await watchIncidents(store, seconds(610))
    await watchIncidents(store, seconds(640))
    expect(await listIncidents(store, { state: 'open' })).toMatchObject([{ backend: 'files' }])
    const [own] = await listIncidents(store, { state: 'recovered' })
    expect(await stepsOf(store, own?.id ?? 0)).toEqual(['opened', 'recovered'])
    await block(store, true)
    await watchIncidents(store, seconds(650))
    expect(await readIncident(store, own?.id ?? 0)).toMatchObject({ state: 'open', regressions: 1 })
  })

  it('are muted and resolved by people, whom the audit tells of', { timeout: 120_000 }, async () => {
    const world = await build()
    const { store } = world
    await block(store, true)
    await watchIncidents(store)
    const [incident] = await listIncidents(store)
    const id = incident?.id ?? 0
    await muteIncident(store, id, { by: 'ana', until: seconds(3_600), reason: 'new disk' })
    expect(await readIncident(store, id)).toMatchObject({
      state: 'open',
      muted: { by: 'ana', reason: 'new disk' },
    })
    await resolveIncident(store, id, 'bo')
    await watchIncidents(store, seconds(60))
    expect(await readIncident(store, id)).toMatchObject({ state: 'resolved', resolvedBy: 'bo' })
    const steps = await store.query('select kind, actor, muted from orchestra.incident_step order by id')
    expect(steps).toEqual([
      { kind: 'opened', actor: null, muted: false },
      { kind: 'muted', actor: 'ana', muted: true },
      { kind: 'resolved', actor: 'bo', muted: true },
    ])
    const audited = await store.query(
      `select actor, action, target from orchestra.audit where action like 'incident%' order by id`,
    )
    expect(audited).toEqual([
      { actor: 'ana', action: 'incident.mute', target: `incident ${id}` },
      { actor: 'bo', action: 'incident.resolve', target: `incident ${id}` },
    ])
    await expect(resolveIncident(store, 999, 'bo')).rejects.toMatchObject({ code: 'ORC_INCIDENT_UNKNOWN' })
    await store.query(`update orchestra.incident set ended_at = now() - interval '40 days'`)
    await clean(store, { days: 30, auditDays: 400 })
    expect(await listIncidents(store)).toEqual([])
  })

  it('are dealt with by somebody, are tried again, and are one where somebody says so', {
    timeout: 120_000,
  }, async () => {
    const world = await build()
    const { store } = world
    await store.query('insert into site (id) select generate_series(1, 3)')
    await world.collect()
    await store.query(
      `update orchestra.operation set outcome = 'failure', error = case object_key when '3' then 'no space' else 'exit' end`,
    )
    await watchIncidents(store)
    const all = await listIncidents(store)
    const [one, other] = [2, 1].map((count) => all.find(({ objects }) => objects === count)?.id ?? 0)
    if (one === undefined || other === undefined) throw new Error('there are not two')
    expect(await acknowledgeIncident(store, one, { by: 'ana', note: 'at it' })).toMatchObject({
      state: 'open',
      acknowledged: { by: 'ana', note: 'at it', at: expect.any(String) },
    })
    const usage = { code: 'ORC_USAGE' }
    await expect(mergeIncident(store, one, { into: one, by: 'ana' })).rejects.toMatchObject(usage)
    const did = { key: 'plan', server: 'here', backend: 'files', error: 'bo did', objects: [], by: 'bo' }
    const reported = await store.transaction((tx) => reportIncident(tx, did))
    for (const [id, into] of [[one, reported] as const, [reported, one] as const])
      await expect(mergeIncident(store, id, { into, by: 'ana' })).rejects.toMatchObject(usage)
    await resolveIncident(store, reported, 'ana')
    expect(await mergeIncident(store, other, { into: one, by: 'ana' })).toMatchObject({ id: one })
    await watchIncidents(store, seconds(5))
    expect(await listIncidents(store, { state: 'open' })).toMatchObject([{ id: one, objects: 3 }])
    expect(await readIncident(store, other)).toMatchObject({ state: 'resolved', mergedInto: one })
    await expect(mergeIncident(store, one, { into: other, by: 'ana' })).rejects.toMatchObject(usage)
    await store.query(`update orchestra.incident set ended_at = now() - interval '40 days' where id = $1`, [
      other,
    ])
    await clean(store, { days: 30, auditDays: 400 })

    const retry = (given: object) =>
      ask(incidentRetry, { incident: one, ...given }, askerOf(world)) as Promise<BulkBegun>
    const objects = ['site:1', 'site:2', 'site:3']
    expect(await retry({ dryRun: true })).toMatchObject({ bulk: null, count: 3, items: objects })
    const { bulk } = await retry({})
    const items = await store.query(
      'select item, state from orchestra.bulk_item where request_id = $1 order by number',
      [bulk],
    )
    expect(items).toEqual(objects.map((item) => ({ item, state: 'waiting' })))
    expect((await readIncident(store, one)).steps.at(-1)).toMatchObject({ kind: 'retried', by: 'alice' })

    await splitIncident(store, other, 'ana')
    await watchIncidents(store, seconds(10))
    expect(await readIncident(store, other)).toMatchObject({ state: 'open', objects: 1, mergedInto: null })
    await expect(splitIncident(store, other, 'ana')).rejects.toMatchObject(usage)
    await store.query('update orchestra.operation set outcome = null')
    for (const at of [15, 60]) await watchIncidents(store, seconds(at))
    await store.query(`update orchestra.operation set outcome = 'failure', error = 'exit'`)
    await watchIncidents(store, seconds(70))
    expect(await readIncident(store, one)).toMatchObject({
      state: 'open',
      regressions: 1,
      acknowledged: null,
    })
    await block(store, true)
    await watchIncidents(store, seconds(75))
    const [server] = await listIncidents(store, { state: 'open' })
    await expect(mergeIncident(store, one, { into: server?.id ?? 0, by: 'ana' })).rejects.toMatchObject(usage)
    expect((await retry({ dryRun: true })).count).toBe(0)
  })

  it('are opened once by processes that look at once', { timeout: 60_000 }, async () => {
    const world = await build()
    await block(world.store, true)
    await Promise.all([1, 2, 3].map(() => watchIncidents(world.store)))
    await watchIncidents(world.store)
    const [incident, ...others] = await listIncidents(world.store)
    expect(others).toEqual([])
    expect(await stepsOf(world.store, incident?.id ?? 0)).toEqual(['opened'])
  })
})
