import { expect, test } from 'vitest'
import type { Schedule } from '../../src/config/config.ts'
import { operations, type VerbName } from '../../src/operate/index.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import { requestSync } from '../../src/sync/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'
import { printed } from './printed.ts'
import { adoptable, ask, askerOf, livedIn } from './world.ts'

/** What is typed, and what it asks for. */
const lines: readonly [line: string, name: VerbName, given: object][] = [
  ['status', 'status.read', {}],
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
  ['plan approvals', 'approval.list', {}],
  ['user list', 'user.list', {}],
  ['token list --all', 'token.list', { all: true }],
  ['role list', 'role.list', {}],
  ['binding list', 'binding.list', {}],
  ['session list', 'session.list', {}],
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

const nightly: Schedule = { name: 'nightly', cron: '0 3 * * *', does: 'check', server: 'here' }

describeStores('the command', (open) => {
  const build = useWorlds(open)

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
