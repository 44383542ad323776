import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import type { Act, Work } from '../../src/cli/command.ts'
import { createProgram } from '../../src/cli/program.ts'
import { Session } from '../../src/cli/session.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import type { Schedule } from '../../src/config/config.ts'
import { operations, type VerbName } from '../../src/operate/index.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import { requestSync } from '../../src/sync/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'
import { type Asker, adoptable, ask, askerOf, livedIn } from './world.ts'

/** What is typed, and what it asks for. */
const lines: readonly [line: string, name: VerbName, given: object][] = [
  ['status', 'status.read', {}],
  ['server list', 'server.list', {}],
  ['server show here', 'server.show', { server: 'here' }],
  ['route list', 'route.list', {}],
  ['protect', 'protection.list', {}],
  ['explain site:1', 'object.explain', { object: 'site:1' }],
  ['place list', 'place.list', {}],
  ['unit list', 'unit.list', {}],
  ['log list', 'log.list', {}],
  ['plan --server here', 'plan.make', { server: 'here' }],
  ['drift', 'drift.list', {}],
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
  ['model list', 'model.list', {}],
  ['backend list', 'backend.list', {}],
  ['schedule list', 'schedule.list', {}],
  ['transfer list', 'transfer.list', {}],
  ['doctor', 'doctor.examine', {}],
  ['grants --worker orchestra', 'grants.show', { worker: 'orchestra' }],
  ['store url', 'store.url', {}],
]

/** What a command prints for programs. */
async function printed(line: string, { load, environment }: Asker): Promise<unknown> {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const terminal = new Terminal(streams, { json: true, environment: {} })
  const session = new Session({ terminal, options: { by: 'alice' }, directory: '/', environment })
  session.config = load
  const act: Act =
    <Args extends unknown[]>(work: Work<Args>) =>
    async (...all: [...Args, Command]) => {
      await work(session, ...(all.slice(0, -1) as unknown as Args))
    }
  try {
    await createProgram(act, streams).parseAsync(line.split(' '), { from: 'user' })
  } finally {
    await session.close()
  }
  streams.stdout.end()
  return JSON.parse(await text(streams.stdout))
}

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
