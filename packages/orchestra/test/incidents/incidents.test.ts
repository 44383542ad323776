import { expect, it } from 'vitest'
import {
  listIncidents,
  muteIncident,
  readIncident,
  resolveIncident,
  watchIncidents,
} from '../../src/incidents/index.ts'
import { clean } from '../../src/manager/clean.ts'
import type { Store } from '../../src/store/index.ts'
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
