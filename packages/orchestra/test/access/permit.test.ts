import { beforeEach, expect, test } from 'vitest'
import type { Grant, Identity, Permission, Scope } from '../../src/access/index.ts'
import { permissions, standardRoles } from '../../src/access/permissions.ts'
import { everything } from '../../src/access/scope.ts'
import type { Config } from '../../src/config/config.ts'
import { sh } from '../../src/index.ts'
import type { PlanDetail } from '../../src/operate/index.ts'
import { operations, type VerbName } from '../../src/operate/index.ts'
import { permissionOf, permissionsFor } from '../../src/operate/permissions.ts'
import { permit } from '../../src/operate/permit.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import type { SavedPlan } from '../../src/plan/index.ts'
import { checkSelector } from '../../src/request/request.ts'
import { domainFiles } from '../converge/domains.ts'
import { ask, askerOf } from '../operate/world.ts'
import { until } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

function identity(all: readonly Permission[], scope: Partial<Scope> = {}): Identity {
  const grants: Grant[] = [{ permissions: new Set(all), scope: { ...everything, ...scope } }]
  return { kind: 'user', name: 'ana', grants, accountId: null, by: 1 }
}

const forbidden = expect.objectContaining({ code: 'ORC_FORBIDDEN' })
/** What he may not see is told to be nowhere. */
const unknown = (code: string) => expect.objectContaining({ code })
const named = (name: VerbName): AnyVerb => operations.find((verb) => verb.name === name) as AnyVerb

test('every verb says what whoever asks for it needs', () => {
  expect(Object.keys(permissionOf).toSorted()).toEqual(operations.map(({ name }) => name).toSorted())
})

test('what changes something needs more than to read, and what a viewer has changes nothing but his views and what he asked for himself', () => {
  for (const { name, kind } of operations) {
    const needed = permissionsFor(name, {})
    const isOwn = permissionOf[name] === 'asker' || name.startsWith('view.')
    if (kind === 'read' || needed === 'command' || isOwn) continue
    expect([name, needed.some((one) => !standardRoles.viewer?.includes(one))]).toEqual([name, true])
  }
})

test.each(operations.map(({ name }) => name))(
  '%s is refused to whoever has all but what it needs',
  async (name) => {
    const needed = permissionsFor(name, {})
    if (needed === 'command') {
      await expect(permit({ principal: identity(permissions) }, name, {})).rejects.toEqual(forbidden)
      return
    }
    await permit({ principal: identity(needed) }, name, {})
    for (const one of needed) {
      const others = permissions.filter((permission) => permission !== one)
      await expect(permit({ principal: identity(others) }, name, {})).rejects.toThrow(one)
    }
  },
)

test('what would be done where somebody may not is refused, and whatever he does not narrow down', async () => {
  const ana = { principal: identity(permissions, { servers: ['web1', 'web2'], backends: ['nginx'] }) }
  const onWeb1 = { server: 'web1', backend: 'nginx' }
  const savedOn = (server: string) => ({ server, backend: 'nginx', object: 'site:1', action: 'save' })
  const allowed: [VerbName, object][] = [
    ['server.check', { servers: [] }],
    ['sync.start', { server: 'web1', backend: 'nginx' }],
    ['place.list', { server: 'web2', backend: 'nginx', object: 'site:1' }],
    ['model.list', {}],
    ['plan.apply', { plan: { selector: onWeb1, operations: [savedOn('web1')] } }],
    ['plan.apply', { plan: { selector: onWeb1, operations: [] } }],
    // It leaves one for the other.
    ['plan.apply', { plan: { selector: onWeb1, operations: [savedOn('web1'), savedOn('web2')] } }],
  ]
  const refused: [VerbName, object][] = [
    ['sync.start', { server: 'web1' }],
    ['sync.start', { backend: 'nginx' }],
    ['sync.start', { server: 'web3', backend: 'nginx' }],
    ['server.check', { servers: ['web1'] }],
    ['work.pause', { reason: '' }],
    ['role.list', {}],
    ['plan.apply', { plan: { selector: onWeb1, operations: [savedOn('web3')] } }],
    // A stale one tells of all that it was asked for.
    ['plan.apply', { plan: { selector: {}, operations: [savedOn('web1')] } }],
    ['plan.approve', { plan: { selector: { server: 'web3' }, operations: [] } }],
  ]
  for (const [name, input] of allowed.slice(1)) await permit(ana, name, input)
  for (const [name, input] of [...refused, ...allowed.slice(0, 1)])
    await expect(permit(ana, name, input), `${name} ${JSON.stringify(input)}`).rejects.toEqual(forbidden)
})

test('who names a model and an object is asked about both', async () => {
  const ofSites = { principal: identity(permissions, { models: ['site'] }) }
  const foreign = { model: 'site', object: 'other:1' }
  for (const name of ['plan.make', 'plan.keep', 'sync.start'] as const) {
    await permit(ofSites, name, { model: 'site', object: 'site:1' })
    for (const input of [foreign, { model: 'other', object: 'site:1' }, { object: 'other:1' }, {}])
      await expect(permit(ofSites, name, input)).rejects.toEqual(forbidden)
  }
})

test('an object is of the model that stands before its colon', () => {
  const models = new Map([
    ['site', {}],
    ['other', {}],
  ])
  const config = { models, backends: new Map() } as unknown as Config
  checkSelector(config, { model: 'site', object: 'site:1' })
  expect(() => checkSelector(config, { model: 'site', object: 'other:1' })).toThrow(unknown('ORC_USAGE'))
})

test('a plan that removes something, a repair and a search in output need more', () => {
  const removal = { plan: { operations: [{ kind: 'move', action: 'delete' }] } }
  expect(permissionsFor('plan.apply', removal)).toEqual(['sync', 'prune'])
  expect(permissionsFor('sync.start', { mode: 'check' })).toEqual(['check'])
  expect(permissionsFor('sync.start', { mode: 'sync' })).toEqual(['sync', 'prune'])
  expect(permissionsFor('log.list', { text: 'x' })).toEqual(['status.read', 'output.read', 'script.read'])
  expect(permissionsFor('plan.make', { scripts: false })).toEqual(['diff.read'])
  expect(permissionsFor('no.such', {})).toBe('command')
})

describePostgres('whoever proved who he is', (open) => {
  const build = useWorlds(open)
  let world: World
  beforeEach(async () => {
    world = await build({ servers: ['web1', 'web2'] })
  }, 120_000)

  const as = (principal: Identity) => ({ ...askerOf(world), principal })

  test('does what he may, by his name, and what he may not is refused and told of', async () => {
    const operator = as(identity(['status.read', 'hold'], { servers: ['web1'] }))
    await ask(named('server.hold'), { server: 'web1' }, operator)
    await expect(ask(named('server.hold'), { server: 'web2' }, operator)).rejects.toEqual(
      unknown('ORC_SERVER_UNKNOWN'),
    )
    expect(await ask(named('server.list'), {}, operator)).toMatchObject([{ name: 'web1' }])
    const other = as(identity(['hold'], { servers: ['web1'] }))
    await expect(ask(named('server.list'), {}, other)).rejects.toEqual(forbidden)
    const entries = await world.store.query(
      `select actor, target, detail from orchestra.audit where action = 'server.hold' order by id`,
    )
    expect(entries).toEqual([
      { actor: 'ana', target: 'web1', detail: expect.anything() },
      { actor: 'ana', target: 'web2', detail: { failed: 'ORC_FORBIDDEN' } },
    ])
  })

  test('is told how scripts failed only where he may read what they print', async () => {
    await world.work()
    await world.store.query(`insert into site (id, body) values (1, 'fail')`)
    await until('both have failed', async () => {
      const ended = await world.store.query(
        'select distinct server_id from orchestra.log where ended_at is not null',
      )
      return ended.length === 2
    })
    await world.stopWorkers()
    const [unit] = await world.store.query<{ id: string }>('select id from orchestra.unit')
    const tails = async (scope: Partial<Scope>, ...all: Permission[]) => {
      const shown = await ask(
        named('unit.show'),
        { unit: unit?.id },
        as(identity(['status.read', ...all], scope)),
      )
      const { operations: own } = shown as { operations: { outputTail: string | null }[] }
      return own.map(({ outputTail }) => outputTail !== null)
    }
    expect(await tails({}, 'output.read')).toEqual([true, true])
    expect(await tails({}, 'audit')).toEqual([false, false])
    expect(await tails({ servers: ['web1'] }, 'output.read')).toEqual([true])
  })

  test('sees, makes and does plans of which all is where he may, and is told of no others', async () => {
    const transfer = { dump: () => sh`true`, restore: () => sh`true`, switch: () => sh`true` }
    const moving = await build({ backends: [domainFiles({ onMove: 'migrate', transfer })], servers: [] })
    for (const server of ['a', 'b']) {
      await moving.addDirectoryServer(server)
      await moving.route('files', server, `site.plan == "${server}"`)
    }
    await moving.store.query(
      `insert into site (id, domain, plan) values (1, '1.org', 'a'), (2, '2.org', 'b')`,
    )
    await moving.work()
    await moving.calm()
    await moving.stopWorkers()
    const admin = askerOf(moving)
    const on = (...servers: string[]) => {
      const all = servers.map((one) => ({
        permissions: new Set(permissions),
        scope: { ...everything, servers: [one] },
      }))
      return { ...admin, principal: { ...identity([]), grants: all } }
    }
    const keep = (asker = admin) => ask(named('plan.keep'), { server: 'b' }, asker) as Promise<PlanDetail>
    await moving.store.query(`update site set body = 'new' where id = 2`)
    const near = await keep(on('b'))
    const { saved } = (await ask(named('plan.save'), { server: 'b' }, on('b'))) as { saved: SavedPlan }
    expect(near).toMatchObject({ counts: { update: 1 } })

    await moving.store.query(`update site set plan = 'b' where id = 1`)
    const { id: plan, servers } = await keep()
    expect(servers).toBe(2)
    const acts: VerbName[] = ['plan.show', 'plan.operations', 'plan.diffs', 'plan.scripts']
    acts.push('plan.approve', 'plan.reject', 'plan.discard', 'plan.apply')
    for (const name of acts)
      await expect(ask(named(name), { plan }, on('b')), name).rejects.toEqual(unknown('ORC_PLAN_UNKNOWN'))
    for (const name of ['plan.make', 'plan.save', 'plan.keep'] as const)
      await expect(ask(named(name), { server: 'b' }, on('b')), name).rejects.toEqual(forbidden)
    expect(await ask(named('plan.list'), {}, on('b'))).toMatchObject([{ id: near.id }])
    expect(await ask(named('plan.list'), {}, on('a', 'b'))).toMatchObject([{ id: plan }, { id: near.id }])
    expect(await ask(named('plan.operations'), { plan }, on('a', 'b'))).toHaveLength(3)

    for (const stale of [near.id, saved]) {
      const applied = ask(named('plan.apply'), { plan: stale }, on('b'))
      const refusal = (await applied.catch((error) => error)) as {
        code: string
        message: string
        moved: object
      }
      expect(refusal).toMatchObject({ code: 'ORC_PLAN_STALE', moved: [{ server: 'b', object: 'site:1' }] })
      expect(refusal.message).toMatch(/site:1 by files on b .*; and 1 more$/)
    }
    expect(await ask(named('plan.show'), { plan: near.id }, on('b'))).toMatchObject({
      moved: [{ server: 'b' }],
    })
    expect(await ask(named('plan.show'), { plan: near.id }, admin)).toMatchObject({ moved: [{}, {}] })
    // What an earlier release keeps tells not what it is about.
    await moving.store.query('update orchestra.plan set places = null')
    expect(await ask(named('plan.list'), {}, on('b'))).toEqual([])
    expect(await ask(named('plan.list'), {}, admin)).toHaveLength(2)
  })

  test('of one server is told of failures there alone', async () => {
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await world.calm()
    await world.stopWorkers()
    await world.store.query(
      `delete from orchestra.placement where server_id = (select id from orchestra.server where name = 'web2')`,
    )
    const failures = async (input: object) => {
      const { failures: told } = (await ask(named('plan.make'), input, askerOf(world))) as PlanDetail
      return told.map(({ object }) => object).toSorted()
    }
    // No domain makes them invalid, so that where they are to be is not known.
    await world.store.query(`insert into site (id, domain) values (2, '')`)
    await world.store.query(`update site set domain = ''`)
    for (const collects of [false, true]) {
      if (collects) await world.collect()
      expect(await failures({}), `${collects}`).toEqual(['site:1', 'site:2'])
      expect(await failures({ backend: 'files' })).toEqual(['site:1', 'site:2'])
      expect(await failures({ server: 'web1' })).toEqual(['site:1'])
      expect(await failures({ server: 'web2' })).toEqual([])
    }
  })

  test('reads logs of what he may see, and changes routes that lead where he may', async () => {
    await world.work()
    await world.store.query('insert into site (id) values (1)')
    await world.calm()
    const logs = await world.store.query<{ id: number; name: string }>(
      'select l.id, s.name from orchestra.log l join orchestra.server s on s.id = l.server_id',
    )
    expect(logs.map(({ name }) => name).toSorted()).toEqual(['web1', 'web2'])
    const reader = as(
      identity(['status.read', 'output.read', 'route'], { servers: ['web1'], backends: ['files'] }),
    )
    for (const { id, name } of logs) {
      const reading = ask(named('log.output'), { log: id }, reader)
      if (name === 'web1') await reading
      else await expect(reading).rejects.toEqual(unknown('ORC_LOG_UNKNOWN'))
    }
    const routes = await world.store.query<{ id: number; name: string }>(
      'select r.id, s.name from orchestra.route r join orchestra.server s on s.id = r.server_id order by s.name',
    )
    const [first, second] = routes
    await ask(named('route.set'), { route: first?.id, match: 'true', dryRun: true }, reader)
    for (const [given, code] of [
      [{ route: second?.id, match: 'true', dryRun: true }, 'ORC_ROUTE_UNKNOWN'],
      [{ route: first?.id, server: 'web2', dryRun: true }, 'ORC_SERVER_UNKNOWN'],
      [{ route: first?.id, tags: ['web'], dryRun: true }, 'ORC_FORBIDDEN'],
    ] as const)
      await expect(ask(named('route.set'), given, reader)).rejects.toEqual(unknown(code))
  })
})
