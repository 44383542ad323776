import { beforeEach, describe, expect, test } from 'vitest'
import { approvalReasons, listApprovals, sayOfPlan } from '../../src/access/approvals.ts'
import type { Identity, Permission } from '../../src/access/index.ts'
import { everything } from '../../src/access/scope.ts'
import { watchIncidents } from '../../src/incidents/index.ts'
import type { Metric } from '../../src/metrics/index.ts'
import type { Principal } from '../../src/operate/context.ts'
import {
  approvalWaiting,
  incidentList,
  metricsRead,
  type PlanDetail,
  planApply,
  planApprove,
  planDiffs,
  planDiscard,
  planKeep,
  planList,
  planOperations,
  planReject,
  planSave,
  planScripts,
  planShow,
  syncStart,
} from '../../src/operate/index.ts'
import { MOST_A_DAY, MOST_KEPT, type SavedPlan } from '../../src/plan/index.ts'
import { ask, askerOf } from '../operate/world.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const operation = (kind: SavedPlan['operations'][number]['kind'], server: string, action = 'save') => ({
  kind,
  server,
  backend: 'files',
  action,
  object: 'site:1',
  identity: null,
  revision: null,
  placed: null,
})

describe('a plan needs approval', () => {
  const operations = [
    operation('delete', 'web1', 'delete'),
    operation('delete', 'web2', 'keep'),
    operation('create', 'web2'),
    // It leaves a server, and goes nowhere else or somewhere.
    operation('move', 'web2', 'delete'),
  ]
  test.each([
    [{}, 0],
    [{ deletes: 0 }, 1],
    [{ deletes: 1 }, 1],
    [{ deletes: 2 }, 0],
    [{ servers: 1 }, 1],
    [{ servers: 2 }, 0],
    [{ deletes: 0, servers: 0 }, 2],
  ])('by the rules %j for %i reasons', (rules, count) => {
    expect(approvalReasons({ operations }, rules)).toHaveLength(count)
  })
})

describeStores('approvals', (open) => {
  const build = useWorlds(open)
  let world: World
  beforeEach(async () => {
    world = await build({ approvals: { servers: 0 } })
    await world.store.query('insert into site (id) values (1)')
  }, 120_000)

  const claimed = (name: string): Principal => ({ kind: 'claimed', name })
  const as = (who: string | Principal) => ({
    ...askerOf(world),
    principal: typeof who === 'string' ? claimed(who) : who,
  })
  const save = async () => {
    const answer = await ask(planSave, {}, as('ana'))
    return answer as { saved: SavedPlan; approval: string[] }
  }
  const apply = (plan: SavedPlan | number, who: string | Principal = 'ana', more: object = {}) =>
    ask(planApply, { plan, ...more }, as(who))
  const keep = async (given: object = {}, who: string | Principal = 'ana') =>
    (await ask(planKeep, given, as(who))) as PlanDetail
  const show = async (plan: number) => (await ask(planShow, { plan }, as('ana'))) as PlanDetail
  const approve = (plan: SavedPlan | number, who: string | Principal) => ask(planApprove, { plan }, as(who))
  const needed = (why: string) =>
    expect.objectContaining({ code: 'ORC_APPROVAL_NEEDED', message: expect.stringContaining(why) })

  test('are asked for by rule, given by another person, and good once', async () => {
    const { saved, approval } = await save()
    expect(approval).toEqual(['it is about 1 servers, more than 0'])
    await expect(apply(saved)).rejects.toEqual(needed('nobody has approved it'))
    await approve(saved, 'ana')
    await expect(apply(saved)).rejects.toEqual(needed('nobody but who asks'))
    await approve(saved, 'bo')
    await expect(apply(saved, 'bo')).resolves.toMatchObject({ operations: 1 })
    expect(await listApprovals(world.store)).toMatchObject([
      { by: 'bo', usedAt: null },
      { by: 'ana', usedAt: expect.any(String) },
    ])
  })

  test('are of exactly one plan', async () => {
    const { saved } = await save()
    await approve(saved, 'bo')
    for (const other of [
      { ...saved, allowDeletes: 5 },
      { ...saved, selector: { server: 'here' } },
    ])
      await expect(apply(other)).rejects.toEqual(needed('nobody has approved it'))
    const [first] = saved.operations
    const changed = { ...saved, operations: [{ ...first, kind: 'delete' }] } as SavedPlan
    await expect(approve(changed, 'bo')).rejects.toMatchObject({ code: 'ORC_PLAN_INVALID' })
    await apply({ ...saved, createdAt: 'another time' })
  })

  test('end by a rejection, after a day, and when the plan is not what is to be done any more', async () => {
    const { saved } = await save()
    await approve(saved, 'bo')
    await ask(planReject, { plan: saved, reason: 'no' }, as('cy'))
    await expect(apply(saved)).rejects.toEqual(needed('cy rejected it'))
    const yesterday = () => new Date(Date.now() - 24 * 3_600_000)
    const said = { plan: saved, verdict: 'approved', reason: null } as const
    await sayOfPlan(world.store, said, { name: 'bo' }, yesterday)
    await expect(apply(saved)).rejects.toEqual(needed('bo has expired'))
    await approve(saved, 'bo')
    await world.store.query(`update site set body = 'new'`)
    await expect(apply(saved)).rejects.toMatchObject({ code: 'ORC_PLAN_STALE' })
    await world.store.query(`update site set body = ''`)
    await expect(apply(saved)).rejects.toEqual(needed('bo was used'))
  })

  test('are given by people, of whom one is one by whatever way he comes in', async () => {
    const { saved } = await save()
    const grants = [{ permissions: new Set(['approve', 'sync'] as const), scope: everything }]
    const user: Identity = { kind: 'user', name: 'ana', grants, accountId: 7, by: 1 }
    const token: Identity = { kind: 'token', name: 'token:ci', grants, accountId: 7, by: 1 }
    await expect(approve(saved, token)).rejects.toMatchObject({ code: 'ORC_FORBIDDEN' })
    await approve(saved, user)
    await expect(apply(saved, token)).rejects.toEqual(needed('nobody but who asks'))
    // He whom the application calls ana.
    const vouched: Principal = {
      kind: 'application',
      name: 'application:ana',
      grants,
      accountId: null,
      said: { name: 'ana', role: 'operator' },
    }
    await expect(apply(saved, vouched)).rejects.toEqual(needed('nobody but who asks'))
    await approve(saved, 'bo')
    await apply(saved, token)
  })

  test('can be done without in an emergency, which the audit keeps', async () => {
    const { saved } = await save()
    await apply(saved, 'ana', { breakGlass: 'site is down' })
    const entries = await world.store.query(
      `select actor, detail from orchestra.audit where action = 'plan.override'`,
    )
    expect(entries).toEqual([
      {
        actor: 'ana',
        detail: { reason: 'site is down', needed: ['it is about 1 servers, more than 0'], incident: 1 },
      },
    ])
    // It is somebody's to deal with, and not over because nothing is seen to fail.
    await watchIncidents(world.store)
    await watchIncidents(world.store, new Date(Date.now() + 60_000))
    expect(await ask(incidentList, {}, as('ana'))).toMatchObject([
      { state: 'open', outcome: 'override', objects: 1, samples: ['site:1'] },
    ])
  })

  test('of two who take the same one, one gets it', async () => {
    const { saved } = await save()
    await approve(saved, 'bo')
    const both = await Promise.allSettled([apply(saved, 'ana'), apply(saved, 'cy')])
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('are of a plan that is kept, which shows what it would do until exactly that is done', async () => {
    const { id, fingerprint, approval } = await keep({ allowDeletes: 3 })
    expect(approval).toEqual({ needed: ['it is about 1 servers, more than 0'], given: null })
    const of = { plan: id }
    expect(await ask(planOperations, of, as('bo'))).toMatchObject([
      { number: 1, kind: 'create', object: 'site:1', server: 'here' },
    ])
    expect(await ask(planOperations, { ...of, kind: 'delete' }, as('bo'))).toEqual([])
    expect(await ask(planOperations, { ...of, after: 1 }, as('bo'))).toEqual([])
    const [diff] = (await ask(planDiffs, of, as('bo'))) as { differences: { title: string }[] }[]
    expect(diff?.differences.map(({ title }) => title)).toContain('file ./sites/1')
    expect(await ask(planScripts, of, as('bo'))).toMatchObject([
      { number: 1, backend: 'files', script: expect.stringContaining('sites/1') },
    ])
    const waits = { kind: 'plan', plan: id, fingerprint, by: 'ana', reasons: approval.needed }
    expect(await ask(approvalWaiting, {}, as('bo'))).toMatchObject([waits])
    expect(await waitingByMetrics()).toBe(1)
    await expect(apply(id)).rejects.toEqual(needed('nobody has approved it'))
    await approve(id, 'bo')
    expect(await ask(approvalWaiting, {}, as('bo'))).toEqual([])
    expect(await waitingByMetrics()).toBe(0)
    expect((await show(id)).approval.given).toMatchObject({ by: 'bo' })
    const applied = (await apply(id)) as { unitId: string; operations: number }
    expect(applied.operations).toBe(1)
    expect(await show(id)).toMatchObject({
      state: 'applied',
      endedBy: 'ana',
      unit: applied.unitId,
      allowDeletes: 3,
    })
    for (const act of [() => apply(id), () => approve(id, 'cy'), () => ask(planDiscard, of, as('ana'))])
      await expect(act()).rejects.toMatchObject({ code: 'ORC_PLAN_ENDED' })
  })

  test('end with the plan: by a rejection, and when it is stale, which says what moved', async () => {
    const [rejected, same] = [await keep(), await keep()]
    await approve(rejected.id, 'bo')
    await ask(planReject, { plan: rejected.id, reason: 'not now' }, as('cy'))
    for (const { id } of [rejected, same])
      expect(await show(id)).toMatchObject({ state: 'rejected', endedBy: 'cy', reason: 'not now' })
    const { id, fingerprint } = await keep()
    await approve(id, 'bo')
    await world.store.query(`update site set body = 'new'`)
    await world.store.query('insert into site (id) values (2)')
    const moved = [
      { how: 'wanted', object: 'site:1', backend: 'files', server: 'here' },
      { how: 'added', object: 'site:2', was: null, is: { kind: 'create', identity: '2.a.org' } },
    ]
    await expect(apply(id)).rejects.toMatchObject({ code: 'ORC_PLAN_STALE', moved })
    const stale = await show(id)
    expect(stale).toMatchObject({ state: 'stale', endedBy: 'ana', moved })
    expect(stale.moved?.[0]?.was?.revision).not.toBe(stale.moved?.[0]?.is?.revision)
    // What it was again nobody has approved.
    await world.store.query(`update site set body = ''`)
    await world.store.query('delete from site where id = 2')
    const again = await keep()
    expect([again.fingerprint, again.approval.given]).toEqual([fingerprint, null])
    await expect(apply(again.id)).rejects.toEqual(needed('bo was used'))
    await ask(planDiscard, { plan: again.id }, as('ana'))
    expect(await ask(planList, { state: 'discarded' }, as('ana'))).toMatchObject([{ id: again.id }])
    expect(await ask(planList, { q: 'state:stale' }, as('ana'))).toMatchObject([{ id }])
  })

  test('of a plan that removes too much do not let it', async () => {
    await world.store.query('insert into site (id) select generate_series(2, 40)')
    await world.work()
    await world.calm()
    await world.stopWorkers()
    await world.store.query('delete from site')
    await world.store.query('delete from orchestra.change')
    const { id, guard, counts, removes } = await keep()
    expect([counts, removes]).toEqual([{ delete: 40 }, 40])
    expect(guard).toContain('40')
    await approve(id, 'bo')
    await expect(apply(id)).rejects.toMatchObject({ code: 'ORC_GUARD' })
    await expect(apply(id, 'ana', { allowDeletes: 40 })).rejects.toMatchObject({
      code: 'ORC_APPROVAL_NEEDED',
      hint: expect.stringContaining('--allow-deletes 40'),
    })
    const allowed = (await ask(planKeep, { allowDeletes: 40 }, as('ana'))) as PlanDetail
    await expect(apply(allowed.id)).rejects.toEqual(needed('nobody has approved it'))
    await approve(allowed.id, 'bo')
    await expect(apply(allowed.id)).resolves.toMatchObject({ operations: 40 })
  })

  test('are not gone round by a synchronization that may remove more', async () => {
    const strict = await build({ approvals: { deletes: 3 } })
    const grants = [{ permissions: new Set(['sync', 'prune'] as const), scope: everything }]
    const di: Identity = { kind: 'user', name: 'di', grants, accountId: 9, by: 1 }
    const start = (principal: Principal, allowDeletes?: number) =>
      ask(syncStart, { allowDeletes }, { ...askerOf(strict), principal })
    await expect(start(di, 4)).rejects.toMatchObject({ code: 'ORC_APPROVAL_NEEDED' })
    for (const allowed of [3, undefined]) await start(di, allowed)
    await start(claimed('ana'), 4)
  })

  test('of a kept plan are taken by one of two who do it at once, and by whoever may do all of it', async () => {
    const { id } = await keep()
    await approve(id, 'bo')
    const grant = (...permissions: Permission[]): Identity => ({
      ...{ kind: 'user', name: 'di', accountId: 9, by: 1 },
      grants: [{ permissions: new Set(permissions), scope: everything }],
    })
    await expect(apply(id, grant('status.read'))).rejects.toMatchObject({ code: 'ORC_FORBIDDEN' })
    const emergency = apply(id, grant('status.read', 'sync'), { breakGlass: 'now' })
    await expect(emergency).rejects.toMatchObject({ code: 'ORC_FORBIDDEN' })
    const both = await Promise.allSettled([apply(id, 'ana'), apply(id, 'cy')])
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await world.store.query('update orchestra.plan set removes = 1, state = $1', ['open'])
    await expect(apply(id, grant('status.read', 'sync'))).rejects.toThrow('prune')
  })

  test('of plans are not piled up by one person', async () => {
    await keep()
    await world.store.query(
      `insert into orchestra.plan (fingerprint, content, operations, counts, removes, servers, failures, failed, scripts, created_by)
       select 'x', content, 0, '{}', 0, 0, '[]', 0, 0, 'ana' from orchestra.plan, generate_series(2, $1)`,
      [MOST_KEPT],
    )
    const full = expect.objectContaining({ code: 'ORC_PLAN_LIMIT' })
    // Before anything is compared: of what is nowhere nothing else would be said.
    await expect(keep({ server: 'nowhere' })).rejects.toEqual(full)
    await keep({}, 'bo')
    await world.store.query(`update orchestra.plan set state = 'discarded'`)
    const { id } = await keep()
    await ask(planDiscard, { plan: id }, as('ana'))
    await world.store.query(
      `insert into orchestra.plan (fingerprint, state, content, operations, counts, removes, servers, failures, failed, scripts, created_by)
       select 'x', 'discarded', content, 0, '{}', 0, 0, '[]', 0, 0, 'ana' from orchestra.plan, generate_series(1, $2) where id = $1`,
      [id, MOST_A_DAY - MOST_KEPT - 1],
    )
    await expect(keep()).rejects.toEqual(full)
    await keep({}, 'bo')
    await world.store.query(`update orchestra.plan set created_at = now() - interval '1 day' where id = $1`, [
      id,
    ])
    await keep()
  })

  const waitingByMetrics = async (): Promise<number | undefined> => {
    const metrics = (await ask(metricsRead, {}, as('ana'))) as Metric[]
    return metrics.find(({ name }) => name === 'orchestra_approvals_waiting')?.samples[0]?.value
  }
})
