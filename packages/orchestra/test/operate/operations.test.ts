import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { enterByLink, makeLink } from '../../src/access/index.ts'
import type { Schedule } from '../../src/config/config.ts'
import { OrchestraError } from '../../src/errors.ts'
import { addServer } from '../../src/fleet/index.ts'
import { fingerprint } from '../../src/methods/index.ts'
import { NotAgreed } from '../../src/operate/agreement.ts'
import { checkInput } from '../../src/operate/check-input.ts'
import { operations } from '../../src/operate/index.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import { addRequest } from '../../src/requests/index.ts'
import { recordPresentedKey } from '../../src/server/index.ts'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { buildWorld, useWorlds, type World } from '../support/world.ts'
import { adoptable, ask, askerOf, livedIn } from './world.ts'

const verbs: readonly AnyVerb[] = operations
const named = (name: string): AnyVerb => {
  const verb = verbs.find((one) => one.name === name)
  if (verb === undefined) throw new Error(`no verb ${name}`)
  return verb
}
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHZ5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5'

const nightly: Schedule = { name: 'nightly', cron: '0 3 * * *', does: 'check', server: 'here' }

type Given = unknown | ((world: World) => Promise<unknown>)

/** What was done has a name that what was tried had not. */
const namesWhatItMade = ['route.add', 'plan.apply', 'trash.empty']

/** What every verb is asked for, in an order in which each can be done. */
const asked: readonly [name: string, given: Given][] = [
  ['server.add', { name: 'far', method: 'function' }],
  ['server.list', {}],
  ['server.show', { server: 'here' }],
  ['lane.show', { server: 'here' }],
  ['server.check', { servers: ['here'] }],
  ['server.approve', presentKey],
  ['server.set', { server: 'far', user: 'deploy' }],
  ['server.hold', { server: 'here', reason: 'new disk' }],
  ['server.release', { server: 'here' }],
  ['server.remove', { server: 'far' }],
  ['route.list', {}],
  ['route.show', { route: 1 }],
  ['route.preview', { backend: 'files', match: 'site.id == 77', route: 1 }],
  ['route.add', { backend: 'files', server: 'here', match: 'site.id == 77' }],
  ['route.set', { route: 2, match: 'site.id == 78' }],
  ['route.disable', { route: 2 }],
  ['route.enable', { route: 2 }],
  ['route.remove', { route: 2 }],
  ['work.pause', { reason: 'storage' }],
  ['pause.show', {}],
  ['work.resume', {}],
  ['work.retry', { failed: true }],
  ['protection.add', { object: 'site:1', reason: 'in court' }],
  ['protection.list', {}],
  ['protection.remove', { object: 'site:1' }],
  ['status.read', {}],
  ['metrics.read', {}],
  ['incident.list', {}],
  ['incident.show', anIncident],
  ['incident.mute', anIncident],
  ['incident.acknowledge', anIncident],
  ['incident.retry', anIncident],
  ['incident.merge', anotherIncident],
  ['incident.split', aPart],
  ['incident.resolve', anIncident],
  ['channel.add', { channel: 'ops', webhook: { url: 'http://127.0.0.1:9/' } }],
  ['channel.list', {}],
  ['channel.show', { channel: 'ops' }],
  ['channel.test', { channel: 'ops' }],
  ['delivery.list', {}],
  ['delivery.repeat', aDelivery],
  ['channel.remove', { channel: 'ops' }],
  ['hook.add', { hook: 'shop', does: 'collect', models: ['site'], at: { key: ['/id'] } }],
  ['hook.list', {}],
  ['hook.show', { hook: 'shop' }],
  ['hook.remove', { hook: 'shop' }],
  ['worker.list', {}],
  ['request.list', {}],
  ['request.show', aRequest],
  ['request.cancel', aRequest],
  ['matrix.read', {}],
  ['search.find', { text: 'site:1' }],
  ['object.explain', { object: 'site:1' }],
  ['place.list', { limit: 1 }],
  ['unit.list', {}],
  ['unit.show', anyUnit],
  ['unit.work', anyUnit],
  ['operation.list', {}],
  ['log.list', {}],
  ['log.show', { log: 1 }],
  ['log.script', { log: 1 }],
  ['log.lines', { log: 1, tail: 5 }],
  ['log.sections', { log: 1 }],
  ['log.search', { log: 1, text: 'a' }],
  ['log.watch', { log: 1 }],
  ['log.output', { log: 1 }],
  ['log.follow', { log: 1 }],
  ['plan.make', {}],
  ['plan.save', {}],
  ['plan.approve', savedPlan],
  ['plan.reject', savedPlan],
  ['plan.keep', {}],
  ['plan.list', {}],
  ['plan.show', lastPlan],
  ['plan.operations', lastPlan],
  ['plan.diffs', lastPlan],
  ['plan.scripts', lastPlan],
  ['plan.discard', lastPlan],
  ['approval.list', {}],
  ['approval.waiting', {}],
  ['plan.apply', savedPlan],
  ['work.cancel', { target: 'site:2' }],
  ['sync.start', { mode: 'check', server: 'here' }],
  ['sync.list', {}],
  ['sync.show', lastSync],
  ['sync.cancel', lastSync],
  ['drift.list', {}],
  ['drift.causes', {}],
  ['drift.repair', { server: 'here' }],
  ['adoption.survey', { server: 'here' }],
  ['adoption.take', somethingToAdopt],
  ['trash.list', {}],
  ['trash.restore', firstInTrash],
  ['trash.empty', {}],
  ['view.save', { name: 'failing', page: 'logs', q: 'is:failed' }],
  ['view.list', {}],
  ['view.set', aView],
  ['view.remove', aView],
  ['bulk.start', { action: 'collect', items: ['site:1'] }],
  ['bulk.show', lastBulk],
  ['bulk.items', lastBulk],
  ['object.list', {}],
  ['object.collect', { object: 'site:1' }],
  ['object.forget', { object: 'site:1' }],
  ['event.list', {}],
  ['event.follow', {}],
  ['audit.list', {}],
  ['audit.export', {}],
  ['audit.head', {}],
  ['audit.verify', {}],
  ['role.add', { role: 'retrier', permissions: ['status.read', 'retry'] }],
  ['role.set', { role: 'retrier', permissions: ['retry'] }],
  ['role.list', {}],
  ['role.show', { role: 'retrier' }],
  ['user.add', { user: 'ana', role: 'retrier', servers: ['here'], password: 'correct horse battery' }],
  ['user.set', { user: 'ana', disabled: false }],
  ['user.list', {}],
  ['user.show', { user: 'ana' }],
  ['user.link', { user: 'ana' }],
  ['binding.add', { role: 'viewer', user: 'ana' }],
  ['binding.list', { user: 'ana' }],
  ['binding.show', { binding: 2 }],
  ['binding.remove', { binding: 2 }],
  ['token.add', { token: 'ci', role: 'viewer', user: 'ana', networks: ['10.0.0.0/8'] }],
  ['token.list', {}],
  ['token.show', { token: 'ci' }],
  ['token.revoke', { token: 'ci' }],
  ['session.list', {}],
  ['session.revoke', someSession],
  ['user.remove', { user: 'ana' }],
  ['role.remove', { role: 'retrier' }],
  ['model.list', {}],
  ['model.fields', { model: 'site' }],
  ['backend.list', {}],
  ['schedule.list', {}],
  ['schedule.run', { schedule: 'nightly' }],
  ['transfer.list', { limit: 1 }],
  ['doctor.examine', {}],
  ['grants.show', {}],
  ['store.url', {}],
]

/** Keys are in a file of the store's own. */
const askedOfKeys: readonly [name: string, given: unknown][] = [
  ['key.status', {}],
  ['key.rotate', { wait: 5 }],
  ['key.drop', (world: World) => Promise.resolve({ id: world.store.keyring.ids.at(-1) })],
]

/** It takes the audit along. */
const askedAtLast: readonly [name: string, given: unknown][] = [['store.uninstall', {}]]

async function presentKey({ store }: World): Promise<unknown> {
  const { id } = await addServer(store, { name: 'shy', host: '192.0.2.1' })
  await recordPresentedKey(store, id, key)
  return { server: 'shy', fingerprint: fingerprint(key) }
}

async function anIncident({ store }: World): Promise<unknown> {
  const sql = `insert into orchestra.incident (key, outcome, objects, most, told, opened_at, seen_at)
    values ('a', 'failure', 1, 1, 1, now(), now()) on conflict (key) do update set objects = 1 returning id`
  const [incident] = await store.query<{ id: number }>(sql)
  return { incident: incident?.id }
}

async function anotherIncident({ store }: World): Promise<unknown> {
  const [{ id: into } = { id: 0 }] = await store.query<{ id: number }>('select id from orchestra.incident')
  const [other] = await store.query<{ id: number }>(
    `insert into orchestra.incident (key, outcome, objects, most, told, opened_at, seen_at)
     values ('b', 'failure', 1, 1, 1, now(), now()) returning id`,
  )
  return { incident: other?.id, into }
}

async function aPart({ store }: World): Promise<unknown> {
  const [part] = await store.query<{ id: number }>(
    'select id from orchestra.incident where merged_into is not null',
  )
  return { incident: part?.id }
}

async function aDelivery({ store }: World): Promise<unknown> {
  const sql = `insert into orchestra.delivery (channel_id, message) select id, '{"type": "test"}' from orchestra.channel returning id`
  const [delivery] = await store.query<{ id: number }>(sql)
  return { delivery: delivery?.id }
}

async function aRequest({ store }: World): Promise<unknown> {
  const asker = { kind: 'claimed', name: 'bo' } as const
  return {
    request: await addRequest(store, {
      verb: 'server.check',
      input: {},
      agrees: false,
      asker,
      repeatable: true,
    }),
  }
}

async function aView({ store }: World): Promise<unknown> {
  const [view] = await store.query<{ id: number }>('select max(id) as id from orchestra.view')
  return { view: view?.id }
}

async function lastBulk({ store }: World): Promise<unknown> {
  const [bulk] = await store.query<{ id: number }>('select max(request_id) as id from orchestra.bulk')
  return { bulk: bulk?.id }
}

async function anyUnit({ store }: World): Promise<unknown> {
  const [unit] = await store.query<{ id: string }>(
    'select id from orchestra.unit order by created_at limit 1',
  )
  return { unit: unit?.id }
}

async function lastSync({ store }: World): Promise<unknown> {
  const [sync] = await store.query<{ id: number }>('select max(id) as id from orchestra.sync')
  return { id: sync?.id }
}

async function savedPlan(world: World): Promise<unknown> {
  const { saved } = (await ask(named('plan.save'), {}, askerOf(world))) as { saved: unknown }
  return { plan: saved }
}

async function lastPlan({ store }: World): Promise<unknown> {
  const [plan] = await store.query<{ id: number }>('select max(id) as id from orchestra.plan')
  return { plan: plan?.id }
}

async function somethingToAdopt(world: World): Promise<unknown> {
  await world.store.query(`insert into site (id, body) values (5, 'by hand')`)
  await world.collect()
  await writeFile(join(world.directory, 'here', 'sites', '5'), 'a.org by hand')
  return { server: 'here', backend: 'files', objects: ['site:5'] }
}

async function someSession({ store }: World): Promise<unknown> {
  const { secret } = await makeLink(store, { user: 'ana' }, { by: 'bo' })
  const { session } = await enterByLink(store, { secret, address: '192.0.2.1' })
  return { session: session.id }
}

async function firstInTrash(world: World): Promise<unknown> {
  const [entry] = (await ask(named('trash.list'), {}, askerOf(world))) as { id: string }[]
  return { server: 'here', id: entry?.id }
}

interface Entry {
  actor: string
  action: string
  target: string
  detail: Record<string, unknown> | null
}

/** What the audit says since an entry; what Orchestra itself noticed is nobody's doing. */
function entriesSince(store: Store, id: number): Promise<Entry[]> {
  return store.query<Entry>(
    `select actor, action, target, detail from orchestra.audit where id > $1 and actor <> 'orchestra' order by id`,
    [id],
  )
}

async function lastEntry(store: Store): Promise<number> {
  const [row] = await store.query<{ id: number }>('select coalesce(max(id), 0) as id from orchestra.audit')
  return row?.id ?? 0
}

async function givenOf(given: Given, world: World): Promise<unknown> {
  return typeof given === 'function' ? given(world) : given
}

/** As the command prints it. */
function asJson(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
}

/** Asks for each in its turn, and tells what the audit says of it and what it answered. */
async function askAll(world: World, all: readonly [string, Given][]) {
  const results = []
  for (const [name, given] of all) {
    const verb = named(name)
    const input = await givenOf(given, world)
    const since = await lastEntry(world.store)
    const answer = await ask(verb, input, askerOf(world)).catch((error: unknown) => {
      throw new Error(`${name} failed`, { cause: error })
    })
    results.push({ verb, input, answer, entries: await entriesSince(world.store, since) })
  }
  return results
}

test('every verb is a noun and what is done to it, described, and is asked for here', () => {
  const names = verbs.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { name, about } of verbs) {
    expect(name).toMatch(/^[a-z]+\.[a-z]+$/)
    expect(about.length).toBeGreaterThan(5)
  }
  const tried = [...asked, ...askedOfKeys, ...askedAtLast].map(([name]) => name)
  expect(tried.toSorted()).toEqual(names.toSorted())
})

describeStores('every verb that a person can ask for', (open, kind) => {
  const build = useWorlds(open)
  let world: World
  beforeEach(async () => {
    world = await livedIn(await build({ ...adoptable, schedules: [nightly] }))
  }, 120_000)

  test('is audited once when it changes something, by whoever asked, and answers what is JSON already', {
    timeout: 180_000,
  }, async () => {
    const results = await askAll(world, asked)
    for (const { verb, input, answer, entries } of results) {
      const actions = entries.map(({ action }) => action)
      const rule = verb.kind === 'write' ? [verb.audit.action] : []
      expect([verb.name, actions]).toEqual([verb.name, rule])
      for (const { actor } of entries) expect(actor).toBe('alice')
      if (verb.kind === 'write' && !namesWhatItMade.includes(verb.name)) {
        const target = verb.audit.target(checkInput(verb, input) as never)
        expect([verb.name, entries.map((one) => one.target)]).toEqual([verb.name, [target]])
      }
      if (verb.answers !== 'in-pieces') expect(answer).toStrictEqual(asJson(answer))
    }
  })

  test('needs no more than it says', { timeout: 180_000 }, async () => {
    const lacking = (what: string) => () => {
      throw new Error(`needs ${what}`)
    }
    for (const [name, given] of asked) {
      const verb = named(name)
      const input = await givenOf(given, world)
      const asker = askerOf(world)
      if (verb.needs !== 'servers') asker.methods = lacking('servers')
      if (verb.needs === 'store') asker.store = withoutKey(world.store)
      if (verb.needs === 'configuration') asker.store = undefined as never
      else asker.load = lacking('a configuration of its own')
      await ask(verb, input, asker).catch((cause: unknown) => {
        throw new Error(`${name} failed`, { cause })
      })
    }
  })

  test('is uninstalled when who asks agrees and nobody works, and the audit tells of what was tried', async () => {
    const { store } = world
    const since = await lastEntry(store)
    const uninstall = (agreement?: 'refused') => {
      const ground = { ...askerOf(world, agreement), store: undefined as never }
      return ask(named('store.uninstall'), {}, ground)
    }
    await expect(uninstall('refused')).rejects.toBeInstanceOf(NotAgreed)
    await store.query(`insert into orchestra.worker (id, host, pid) values (gen_random_uuid(), 'a', 1)`)
    await expect(uninstall()).rejects.toMatchObject({ code: 'ORC_WORKER_ALIVE' })
    expect(await entriesSince(store, since)).toEqual([
      { actor: 'alice', action: 'uninstall', target: 'store', detail: { failed: 'ORC_WORKER_ALIVE' } },
    ])
    await store.query('delete from orchestra.worker')
    const answer = await uninstall()
    expect(answer).toStrictEqual(asJson(answer))
    expect(answer).toMatchObject({ servers: 1, removed: expect.arrayContaining(['schema orchestra']) })
  })

  if (kind === 'postgres') return

  test('tells of what was tried and failed, and of nothing that was only misspelled or not agreed to', async () => {
    const { store } = world
    const since = await lastEntry(store)
    const tries: [string, unknown, string][] = [
      ['server.remove', { server: 'here' }, 'ORC_SERVER_IN_USE'],
      ['server.add', { name: 'here', method: 'local' }, 'ORC_SERVER_EXISTS'],
      ['server.hold', { server: 'heer' }, 'ORC_SERVER_UNKNOWN'],
      ['route.remove', { route: 77 }, 'ORC_ROUTE_UNKNOWN'],
      ['work.pause', { reason: 'a\u0000b' }, 'ORC_INPUT_INVALID'],
      ['object.forget', { object: 'site:1' }, 'ORC_USAGE'],
      ['trash.empty', {}, 'ORC_USAGE'],
    ]
    for (const [name, given, code] of tries) {
      const failure = ask(named(name), given, askerOf(world, 'refused'))
      await expect(failure, name).rejects.toMatchObject({ code })
      if (code === 'ORC_USAGE') await expect(failure).rejects.toBeInstanceOf(NotAgreed)
    }
    expect(await entriesSince(store, since)).toEqual([
      { actor: 'alice', action: 'server.remove', target: 'here', detail: { failed: 'ORC_SERVER_IN_USE' } },
      { actor: 'alice', action: 'server.add', target: 'here', detail: { failed: 'ORC_SERVER_EXISTS' } },
    ])
  })

  test('does nothing where what it would change is refused by whoever asked', async () => {
    const asker = askerOf(world, 'refused')
    const set = await ask(named('route.remove'), { route: 1 }, asker)
    expect(set).toMatchObject({ id: 1, removed: false, preview: { objects: expect.any(Number) } })
    expect(await ask(named('route.list'), {}, asker)).toHaveLength(1)
  })
})

/** A store whose process has no key. */
function withoutKey(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'keyring') throw new Error('needs the key')
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('keys', () => {
  test('are rotated and dropped, each told of once by the audit', { timeout: 120_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'orchestra-keys-'))
    const store = await openStore({ directory })
    try {
      await migrate(store)
      const world = await buildWorld(store, {})
      const results = await askAll(world, askedOfKeys)
      const told = results.flatMap(({ entries }) => entries.map(({ actor, action }) => [actor, action]))
      expect(told).toEqual([
        ['alice', 'key.rotate'],
        ['alice', 'key.drop'],
      ])
      for (const { answer } of results) expect(answer).toStrictEqual(asJson(answer))
      await world.close()
    } finally {
      await store.close()
      await rm(directory, { recursive: true, force: true })
    }
  })
})

test('an error of a verb is one of the catalogue', async () => {
  const open = () => Promise.reject(new Error('not opened'))
  const { perform } = await import('../../src/operate/perform.ts')
  const failure = perform({ verb: named('server.hold'), given: { srever: 'x' }, open })
  await expect(failure).rejects.toBeInstanceOf(OrchestraError)
  await expect(failure).rejects.toMatchObject({ code: 'ORC_INPUT_INVALID' })
})
