import { beforeEach, describe, expect, test } from 'vitest'
import { approvalReasons, listApprovals, sayOfPlan } from '../../src/access/approvals.ts'
import type { Identity } from '../../src/access/index.ts'
import { everything } from '../../src/access/scope.ts'
import type { Principal } from '../../src/operate/context.ts'
import { planApply, planApprove, planReject, planSave } from '../../src/operate/index.ts'
import type { SavedPlan } from '../../src/plan/index.ts'
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
  ]
  test.each([
    [{}, 0],
    [{ deletes: 0 }, 1],
    [{ deletes: 1 }, 0],
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
  const apply = (plan: SavedPlan, who: string | Principal = 'ana', more: object = {}) =>
    ask(planApply, { plan, ...more }, as(who))
  const approve = (plan: SavedPlan, who: string | Principal) => ask(planApprove, { plan }, as(who))
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
      { actor: 'ana', detail: { reason: 'site is down', needed: ['it is about 1 servers, more than 0'] } },
    ])
  })

  test('of two who take the same one, one gets it', async () => {
    const { saved } = await save()
    await approve(saved, 'bo')
    const both = await Promise.allSettled([apply(saved, 'ana'), apply(saved, 'cy')])
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
