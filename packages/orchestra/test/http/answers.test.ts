import { spawnSync } from 'node:child_process'
import { beforeEach, expect, test } from 'vitest'
import { addToken, addUser } from '../../src/access/index.ts'
import type { Schedule } from '../../src/config/config.ts'
import { addHook } from '../../src/hooks/index.ts'
import { type Endpoint, nameOf } from '../../src/http/endpoint.ts'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { addChannel } from '../../src/notify/index.ts'
import { auditExport, canBeHandedOver, planApprove, planKeep, toExactJson } from '../../src/operate/index.ts'
import { addRequest } from '../../src/requests/index.ts'
import { requestSync } from '../../src/sync/index.ts'
import { printed } from '../operate/printed.ts'
import { adoptable, ask, askerOf, livedIn } from '../operate/world.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { below, keylessStore, useApis } from './api.ts'

/** Each endpoint that changes nothing, the path that is asked, and the command that says the same; null where none has a word of its own. */
const looks: readonly [name: string, path: string, line: string | null][] = [
  ['GET /status', '/status', 'status'],
  ['GET /workers', '/workers', null],
  ['GET /search', '/search?q=site:1', 'find site:1'],
  ['GET /matrix', '/matrix', 'matrix'],
  ['GET /doctor', '/doctor', 'doctor'],
  ['GET /events', '/events', 'event list'],
  ['GET /audit', '/audit', 'audit list'],
  ['GET /servers', '/servers', 'server list'],
  ['GET /servers/{server}', '/servers/here', 'server show here'],
  ['GET /servers/{server}/lane', '/servers/here/lane', 'server lane here'],
  ['GET /servers/{server}/placements', '/servers/here/placements', 'place list --server here'],
  ['GET /servers/{server}/findings', '/servers/here/findings', 'drift --server here'],
  ['GET /routes', '/routes', 'route list'],
  ['GET /routes/{route}', '/routes/1', 'route show 1'],
  ['GET /backends', '/backends', 'backend list'],
  ['GET /models', '/models', 'model list'],
  ['GET /models/{model}/fields', '/models/site/fields', 'model fields site'],
  ['GET /schedules', '/schedules', 'schedule list'],
  ['GET /objects', '/objects', 'object list'],
  ['GET /objects/{object}/operations', '/objects/site:1/operations', 'operation list --object site:1'],
  ['GET /objects/{object}/findings', '/objects/site:1/findings', 'drift --object site:1'],
  ['GET /objects/{object}/explain', '/objects/site:1/explain', 'explain site:1'],
  ['GET /objects/{object}/placements', '/objects/site%3A1/placements', 'place list --object site:1'],
  ['GET /objects/{object}/history', '/objects/site:1/history', 'log list --object site:1'],
  ['GET /placements', '/placements?state=applied', 'place list --state applied'],
  ['GET /protections', '/protections', 'protect'],
  ['GET /transfers', '/transfers', 'transfer list'],
  ['GET /units', '/units', 'unit list'],
  ['GET /units/{unit}', '/units/UNIT', 'unit show UNIT'],
  ['GET /units/{unit}/work', '/units/UNIT/work', null],
  ['GET /operations', '/operations?q=is:open', 'operation list --query is:open'],
  ['GET /logs', '/logs?server=here', 'log list --server here'],
  ['GET /logs/{log}', '/logs/1', null],
  ['GET /logs/{log}/script', '/logs/1/script', null],
  ['GET /logs/{log}/output', '/logs/1/output', null],
  ['GET /logs/{log}/lines', '/logs/1/lines?tail=5', 'log lines 1 --tail 5'],
  ['GET /logs/{log}/sections', '/logs/1/sections', 'log sections 1'],
  ['GET /logs/{log}/search', '/logs/1/search?q=site', 'log search 1 site'],
  ['GET /syncs', '/syncs', 'sync list'],
  ['GET /syncs/{id}', '/syncs/SYNC', null],
  ['GET /findings', '/findings', 'drift'],
  ['GET /findings/causes', '/findings/causes', 'drift causes'],
  ['GET /views', '/views', 'view list'],
  ['GET /bulk/{bulk}', '/bulk/BULK', 'bulk show BULK'],
  ['GET /bulk/{bulk}/items', '/bulk/BULK/items', 'bulk items BULK'],
  ['GET /pause', '/pause', 'pause show'],
  ['GET /users', '/users', 'user list'],
  ['GET /users/{user}', '/users/ana', 'user show ana'],
  ['GET /roles', '/roles', 'role list'],
  ['GET /roles/{role}', '/roles/viewer', 'role show viewer'],
  ['GET /bindings', '/bindings?user=ana', 'binding list --user ana'],
  ['GET /bindings/{binding}', '/bindings/1', 'binding show 1'],
  ['GET /tokens', '/tokens?all=true', 'token list --all'],
  ['GET /tokens/{token}', '/tokens/ci', 'token show ci'],
  ['GET /sessions', '/sessions', 'session list'],
  ['GET /metrics', '/metrics', null],
  ['GET /incidents', '/incidents', 'incident list'],
  ['GET /incidents/{incident}', '/incidents/1', 'incident show 1'],
  ['GET /channels', '/channels', 'channel list'],
  ['GET /channels/{channel}', '/channels/ops', 'channel show ops'],
  ['GET /channels/{channel}/deliveries', '/channels/ops/deliveries', 'channel deliveries ops'],
  ['GET /deliveries', '/deliveries', 'channel deliveries'],
  ['GET /hooks', '/hooks', 'hook list'],
  ['GET /hooks/{hook}', '/hooks/shop', 'hook show shop'],
  ['GET /audit/head', '/audit/head', 'audit head'],
  ['GET /audit/verify', '/audit/verify', 'audit verify'],
  ['GET /audit/export', '/audit/export', null],
  ['GET /trash', '/trash', 'trash list'],
  ['GET /servers/{server}/trash', '/servers/here/trash', 'trash list --server here'],
  ['GET /plans', '/plans', 'plan list'],
  ['GET /plans/{plan}', '/plans/1', 'plan show 1'],
  ['GET /plans/{plan}/operations', '/plans/1/operations', 'plan operations 1'],
  ['GET /plans/{plan}/diffs', '/plans/1/diffs', 'plan diffs 1'],
  ['GET /plans/{plan}/scripts', '/plans/1/scripts', 'plan scripts 1'],
  ['GET /approvals', '/approvals', 'approvals'],
  ['GET /approvals/given', '/approvals/given', 'plan approvals'],
  ['GET /requests', '/requests', 'request list'],
  ['GET /requests/{request}', '/requests/1', 'request show 1'],
]

const nightly: Schedule = { name: 'nightly', cron: '0 3 * * *', does: 'check', server: 'here' }

const SOMETHING_TOLD = `insert into orchestra.incident (key, outcome, objects, most, told, opened_at, seen_at)
  values ('a', 'failure', 1, 1, 1, now(), now())`

const SENT = { type: 'test', timestamp: '2026-01-02T03:04:05.000Z', data: { text: 'a test' } }

const named = (name: string): Endpoint => {
  const found = endpoints.find((endpoint) => nameOf(endpoint) === name)
  if (found === undefined) throw new Error(`no endpoint ${name}`)
  return found
}

test('every endpoint that changes nothing is asked here', () => {
  const reading = endpoints.filter(({ method, kind }) => method === 'GET' && kind !== 'stream').map(nameOf)
  expect(looks.map(([name]) => name).toSorted()).toEqual(reading.toSorted())
})

describeStores('the API', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let unit: string
  let sync: string
  let bulk: string
  beforeEach(async () => {
    world = await livedIn(await build({ ...adoptable, schedules: [nightly] }))
    const checking = await requestSync(world.store, {
      mode: 'check',
      server: 'here',
      actor: null,
      source: 'schedule:nightly',
    })
    sync = String(checking.id)
    await addUser(world.store, { name: 'ana', role: 'viewer' }, { by: 'test' })
    await addToken(world.store, { name: 'ci', role: 'viewer', days: 1 }, { by: 'test' })
    const asker = { kind: 'claimed', name: 'bo' } as const
    const request = { verb: 'server.check', input: {}, agrees: false, asker, repeatable: true }
    await addRequest(world.store, request)
    const given = { action: 'collect', items: ['site:1', 'site:2'] }
    bulk = String(((await ask(named('POST /bulk').verb, given, askerOf(world))) as { bulk: number }).bulk)
    await ask(named('POST /views').verb, { name: 'failing', page: 'logs' }, askerOf(world))
    await world.store.query(SOMETHING_TOLD)
    await ask(planKeep, {}, askerOf(world))
    await ask(planApprove, { plan: 1 }, askerOf(world))
    const channel = { name: 'ops', kind: 'webhook', url: 'http://127.0.0.1:9/', allowsPrivate: true } as const
    await addChannel(world.store, channel, 'test')
    await addHook(world.store, { name: 'shop', does: 'check', at: {} }, { by: 'test' })
    await world.store.query(
      'insert into orchestra.delivery (channel_id, message) select id, $1::jsonb from orchestra.channel',
      [JSON.stringify(SENT)],
    )
    const [row] = await world.store.query<{ id: string }>('select id from orchestra.unit order by id limit 1')
    unit = row?.id ?? ''
  }, 120_000)

  const filled = (text: string) => text.replace('UNIT', unit).replace('SYNC', sync).replace('BULK', bulk)

  /** What the verb of an endpoint answers to whoever asks for it by its name. */
  const asked = async (name: string, path: string): Promise<unknown> => {
    const [, id = ''] = /^\/\w+\/([\w-]+)/.exec(path) ?? []
    const { verb, params } = named(name)
    const [field] = Object.keys(params.shape)
    const value = field === 'log' || field === 'id' ? Number(id) : id
    return ask(verb, field === undefined ? {} : { [field]: value }, askerOf(world))
  }

  test('answers what the command prints with --json', { timeout: 180_000 }, async () => {
    const api = apiOf(world)
    for (const [name, template, line] of looks) {
      const { kind } = named(name)
      if (!isJson(kind)) continue
      const path = filled(template)
      const response = await api.ask(below(path))
      expect([path, response.statusCode, api.troubles]).toEqual([path, 200, []])
      const told = line === null ? await asked(name, path) : await printed(filled(line), askerOf(world))
      expect([path, comparable(response.json())]).toEqual([path, comparable(told)])
    }
  })

  test('sends metrics as Prometheus reads them, and the audit as the command exports it', async () => {
    const api = apiOf(world)
    const metrics = await api.ask(below('/metrics'))
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: metrics.body, encoding: 'utf8' })
    expect([checked.status, checked.stderr]).toEqual([0, ''])
    expect(metrics.body).toMatch(/^orchestra_servers 1$/m)
    const exported = await api.ask(below('/audit/export?action=server.add'))
    expect(exported.headers['content-disposition']).toBe('attachment; filename="audit.jsonl"')
    const entries = exported.body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const told: unknown[] = []
    for await (const entry of (await ask(
      auditExport,
      { action: 'server.add' },
      askerOf(world),
    )) as AsyncIterable<unknown>)
      told.push(JSON.parse(toExactJson(entry) ?? ''))
    expect(entries).toEqual(told)
    expect(entries).toMatchObject([{ action: 'server.add', target: 'here' }])
  })

  test('sends the script and the output of a log as they are, to be kept and not to be shown', async () => {
    const api = apiOf(world)
    const [log] = await world.store.query<{ id: number }>(
      'select id from orchestra.log where output_bytes > 0 order by id limit 1',
    )
    const script = await api.ask(below('/logs/1/script'))
    expect(script.body).toBe(await ask(named('GET /logs/{log}/script').verb, { log: 1 }, askerOf(world)))
    const whole = await api.ask(below(`/logs/${log?.id ?? 1}/output`))
    expect(whole.statusCode).toBe(200)
    for (const { headers } of [script, whole]) {
      expect(headers['content-type']).toBe('text/plain; charset=utf-8')
      expect(headers['content-disposition']).toMatch(/^attachment; filename="log-\d+\.(sh|txt)"$/)
      expect(headers['content-security-policy']).toContain('sandbox')
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
  })

  test('works without the key wherever a verb needs none, and leaves the others to workers', async () => {
    const store = await keylessStore(world)
    try {
      const api = apiOf(world, { store, holds: 'store' })
      for (const [name, path] of looks) {
        const response = await api.ask(below(filled(path)))
        const status = canBeHandedOver(named(name).verb) ? 202 : 200
        expect([name, response.statusCode, api.troubles]).toEqual([name, status, []])
      }
      const left = await api.ask({ method: 'POST', url: below('/plans/preview') })
      expect([left.statusCode, left.json().reason]).toEqual([202, 'no-worker'])
    } finally {
      await store.close()
    }
  })
})

/** What the command prints with `--json`, and not in a form of its own. */
function isJson(kind: Endpoint['kind']): boolean {
  return kind === 'one' || kind === 'list'
}

/** Items alone, in an order of their own, without the cursors that move on: a page has its own, and a command prints all. */
function comparable(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map((item) => JSON.stringify(item)).toSorted()
  const page = answer as Record<string, unknown>
  const items =
    page.items ?? page.placements ?? page.causes ?? (page.next === undefined ? undefined : page.events)
  return Array.isArray(items) ? comparable(items.map(({ cursor: _, notedAt: __, ...item }) => item)) : answer
}
