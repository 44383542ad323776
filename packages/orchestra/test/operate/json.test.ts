import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { enterByLink, makeLink } from '../../src/access/index.ts'
import type { Schedule } from '../../src/config/config.ts'
import { addServer } from '../../src/fleet/index.ts'
import { fingerprint } from '../../src/methods/index.ts'
import { operations, toExactJson, type VerbName } from '../../src/operate/index.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import { addRequest } from '../../src/requests/index.ts'
import { recordPresentedKey } from '../../src/server/index.ts'
import { requestSync } from '../../src/sync/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { printed, typed } from './printed.ts'
import { adoptable, ask, askerOf, livedIn } from './world.ts'

/** What is typed, and what it asks for. */
const lines: readonly [line: string, name: VerbName, given: object][] = [
  ['status', 'status.read', {}],
  ['view list', 'view.list', {}],
  ['pause show', 'pause.show', {}],
  ['server list', 'server.list', {}],
  ['server show here', 'server.show', { server: 'here' }],
  ['route list', 'route.list', {}],
  ['route show 1', 'route.show', { route: 1 }],
  ['sync list', 'sync.list', {}],
  ['log lines 1 --tail 5', 'log.lines', { log: 1, tail: 5 }],
  ['protect', 'protection.list', {}],
  ['explain site:1', 'object.explain', { object: 'site:1' }],
  ['place list', 'place.list', {}],
  ['object list', 'object.list', {}],
  ['unit list', 'unit.list', {}],
  ['log list', 'log.list', {}],
  ['plan --server here', 'plan.make', { server: 'here' }],
  ['drift', 'drift.list', {}],
  ['drift causes', 'drift.causes', {}],
  ['trash list', 'trash.list', {}],
  ['key status', 'key.status', {}],
  ['audit list --limit 3', 'audit.list', { limit: 3 }],
  ['audit head', 'audit.head', {}],
  ['audit verify', 'audit.verify', {}],
  ['incident list', 'incident.list', {}],
  ['plan list', 'plan.list', {}],
  ['plan approvals', 'approval.list', {}],
  ['approvals', 'approval.waiting', {}],
  ['user list', 'user.list', {}],
  ['token list --all', 'token.list', { all: true }],
  ['role list', 'role.list', {}],
  ['binding list', 'binding.list', {}],
  ['session list', 'session.list', {}],
  ['hook list', 'hook.list', {}],
  ['channel list', 'channel.list', {}],
  ['channel deliveries', 'delivery.list', {}],
  ['model list', 'model.list', {}],
  ['backend list', 'backend.list', {}],
  ['schedule list', 'schedule.list', {}],
  ['transfer list', 'transfer.list', {}],
  ['doctor', 'doctor.examine', {}],
  ['grants --worker orchestra', 'grants.show', { worker: 'orchestra' }],
  ['store url', 'store.url', {}],
]

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHZ5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5'

/** Every act, in an order in which each can be done; capitals stand for what is known only then. */
const acts: readonly [name: VerbName, line: string][] = [
  ['server.hold', 'server hold here --for 2h --reason dust'],
  ['server.release', 'server release here'],
  ['work.pause', 'pause --reason dust'],
  ['work.resume', 'resume'],
  ['route.add', 'route add files here site.id==77'],
  ['route.set', 'route set 2 --match site.id==78'],
  ['route.disable', 'route disable 2'],
  ['route.enable', 'route enable 2'],
  ['route.remove', 'route remove 2'],
  ['protection.add', 'protect site:1 --reason court'],
  ['protection.remove', 'unprotect site:1'],
  ['work.retry', 'retry site:1'],
  ['work.cancel', 'cancel site:2'],
  ['object.collect', 'collect site:1'],
  ['view.save', 'view save failing --page logs --query is:failed'],
  ['view.set', 'view set 1 --shared'],
  ['view.remove', 'view remove 1'],
  ['bulk.start', 'bulk start collect site:1 site:2'],
  ['plan.keep', 'plan --keep --server here'],
  ['plan.approve', 'plan approve 1 --reason right'],
  ['plan.apply', 'apply 1 --detach'],
  ['plan.keep', 'plan --keep'],
  ['plan.reject', 'plan reject 2'],
  ['plan.keep', 'plan --keep'],
  ['plan.discard', 'plan discard 3'],
  ['sync.start', 'sync --check --detach'],
  ['sync.cancel', 'sync cancel SYNC'],
  ['drift.repair', 'drift repair --server here'],
  ['server.add', 'server add far --method function'],
  ['server.set', 'server set far --tag web'],
  ['server.approve', `server approve shy ${fingerprint(hostKey)}`],
  ['server.remove', 'server remove far --force'],
  ['trash.restore', 'trash restore here TRASH'],
  ['trash.empty', 'trash empty --server here --yes'],
  ['adoption.take', 'adopt --server here --backend files site:5 --yes'],
  ['schedule.run', 'schedule run nightly'],
  ['incident.mute', 'incident mute 1 --for 3d'],
  ['incident.acknowledge', 'incident acknowledge 1 --note dust'],
  ['incident.retry', 'incident retry 1'],
  ['incident.merge', 'incident merge 2 --into 1'],
  ['incident.split', 'incident split 2'],
  ['incident.resolve', 'incident resolve 1'],
  ['channel.add', 'channel add ops --webhook http://127.0.0.1:9/'],
  ['channel.test', 'channel test ops'],
  ['delivery.repeat', 'channel redeliver 1'],
  ['channel.remove', 'channel remove ops'],
  ['hook.add', 'hook add shop --does check --server here'],
  ['hook.remove', 'hook remove shop'],
  ['request.cancel', 'request cancel 1'],
  ['object.forget', 'forget site:1 --yes'],
  ['user.add', 'user add ana --role viewer --no-password'],
  ['user.set', 'user set ana --disable'],
  ['user.link', 'user link ana'],
  ['session.revoke', 'session revoke SESSION'],
  ['token.add', 'token add ci --role viewer'],
  ['token.revoke', 'token revoke ci'],
  ['role.add', 'role add restarter status.read'],
  ['role.set', 'role set restarter status.read retry'],
  ['role.remove', 'role remove restarter'],
  ['binding.add', 'binding add viewer --user ana'],
  ['binding.remove', 'binding remove BINDING'],
  ['user.remove', 'user remove ana'],
]

/** Acts on keys, which tests of their own do. */
const elsewhere: ReadonlySet<string> = new Set(['key.rotate', 'key.drop', 'store.uninstall'])

const nightly: Schedule = { name: 'nightly', cron: '0 3 * * *', does: 'check', server: 'here' }

test('every act is done here by its command', () => {
  const writing = operations.filter(({ kind }) => kind === 'write').map(({ name }) => name)
  expect([...new Set([...acts.map(([name]) => name), ...elsewhere])].toSorted()).toEqual(writing.toSorted())
})

/** What acts are about that no row of the application makes, and by which numbers they call it. */
async function prepare(world: World): Promise<Record<string, string>> {
  const { store, directory } = world
  await store.query(`insert into site (id, body) values (5, 'by hand')`)
  await world.collect()
  await writeFile(join(directory, 'here', 'sites', '5'), 'a.org by hand')
  const { id: shy } = await addServer(store, { name: 'shy', host: '192.0.2.1', by: 'test' })
  await recordPresentedKey(store, shy, hostKey)
  const asker = { kind: 'claimed', name: 'alice' } as const
  await addRequest(store, { verb: 'server.check', input: {}, agrees: false, asker, repeatable: true })
  await store.query(AN_INCIDENT)
  const [trashed] = (await printed('trash list', askerOf(world))) as { id: string }[]
  const link = await makeLink(store, {}, { by: 'test' })
  const { session } = await enterByLink(store, { secret: link.secret, address: '127.0.0.1' })
  return { TRASH: trashed?.id ?? '', SESSION: String(session.id) }
}

const AN_INCIDENT = `insert into orchestra.incident (key, outcome, objects, most, told, opened_at, seen_at)
  select key, 'failure', 1, 1, 1, now(), now() from unnest('{a, b}'::text[]) key`

const A_DELIVERY = `insert into orchestra.delivery (channel_id, message, state, attempt)
  select id, '{"type": "test"}', 'failed', 16 from orchestra.channel`

describeStores('the command', (open) => {
  const build = useWorlds(open)

  test('prints with --json what an act answers', { timeout: 180_000 }, async () => {
    const world = await livedIn(await build({ ...adoptable, schedules: [nightly] }))
    const named = await prepare(world)
    const filled = (line: string) => line.replaceAll(/\b[A-Z]{4,}\b/g, (word) => named[word] ?? word)
    for (const [name, line] of acts) {
      const { printed: told, answered } = await typed(filled(line), askerOf(world))
      const { answer } = answered.findLast(({ verb }) => verb === name) ?? {}
      expect([line, told]).toEqual([line, JSON.parse(toExactJson(answer) ?? 'null')])
      if (name === 'sync.start') named.SYNC = String((told as { id: number }).id)
      if (name === 'binding.add') named.BINDING = String((told as { id: number }).id)
      if (name === 'channel.add') await world.store.query(A_DELIVERY)
    }
  })

  test('prints with --json what the verb answers', { timeout: 180_000 }, async () => {
    const world = await livedIn(await build({ ...adoptable, schedules: [nightly] }))
    await requestSync(world.store, { mode: 'check', server: 'here', actor: null, source: 'schedule:nightly' })
    const asker = askerOf(world)
    for (const [line, name, given] of lines) {
      const verb = operations.find((one) => one.name === name) as AnyVerb
      const answer = await ask(verb, given, asker)
      expect([line, await printed(line, asker)]).toEqual([line, JSON.parse(JSON.stringify(answer))])
    }
    const schedules = await ask(operations.find(({ name }) => name === 'schedule.list') as AnyVerb, {}, asker)
    expect(schedules).toMatchObject([
      { name: 'nightly', server: 'here', backend: null, last: { state: 'comparing', error: null } },
    ])
  })
})
