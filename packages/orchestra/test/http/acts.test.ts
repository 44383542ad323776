import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { enterByLink, makeLink } from '../../src/access/index.ts'
import type { Schedule } from '../../src/config/config.ts'
import { addServer } from '../../src/fleet/index.ts'
import { nameOf } from '../../src/http/endpoint.ts'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { fingerprint } from '../../src/methods/index.ts'
import { addRequest, type NewRequest } from '../../src/requests/index.ts'
import { recordPresentedKey } from '../../src/server/index.ts'
import { adoptable, livedIn } from '../operate/world.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { below, useApis } from './api.ts'

interface Act {
  /** The endpoint, and the path that is asked. */
  name: string
  path: string
  body?: object
  status: number
  /** Part of what is answered. */
  answer: unknown
  location?: unknown
  /** Entries of the audit; default one of what changes something. */
  entries?: number
}

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHZ5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5'

/** Each endpoint that changes something, in an order in which each can be done, and what its command prints with --json. */
const acts: readonly Act[] = [
  {
    name: 'POST /servers/{server}/hold',
    path: '/servers/here/hold',
    body: { reason: 'new disk', until: '2099-01-01T08:00:00+01:00' },
    status: 200,
    answer: { server: 'here', held: true, reason: 'new disk', until: '2099-01-01T07:00:00.000Z' },
  },
  {
    name: 'POST /servers/{server}/release',
    path: '/servers/here/release',
    status: 200,
    answer: { server: 'here', held: false },
  },
  {
    name: 'POST /pause',
    path: '/pause',
    body: { reason: 'storage' },
    status: 200,
    answer: { paused: { by: 'alice', reason: 'storage' } },
  },
  { name: 'DELETE /pause', path: '/pause', status: 200, answer: { paused: null, wasPaused: true } },
  {
    name: 'POST /routes',
    path: '/routes',
    body: { backend: 'files', server: 'here', match: 'site.id == 77' },
    status: 201,
    answer: { route: { id: 2, backend: 'files', match: 'site.id == 77' } },
    location: '/routes/2',
  },
  {
    name: 'PATCH /routes/{route}',
    path: '/routes/2',
    body: { match: 'site.id == 78' },
    status: 200,
    answer: { id: 2, match: 'site.id == 78', changed: true },
  },
  {
    name: 'POST /routes/{route}/disable',
    path: '/routes/2/disable',
    status: 200,
    answer: { id: 2, enabled: false, changed: true },
  },
  {
    name: 'POST /routes/{route}/enable',
    path: '/routes/2/enable',
    body: { dryRun: true },
    status: 200,
    answer: { id: 2, enabled: false, changed: false },
  },
  {
    name: 'POST /routes/preview',
    path: '/routes/preview',
    body: { backend: 'files', match: 'site.id == 77' },
    status: 200,
    answer: { problems: [], matching: { count: 0 } },
  },
  { name: 'DELETE /routes/{route}', path: '/routes/2', status: 200, answer: { id: 2, removed: true } },
  {
    name: 'POST /protections',
    path: '/protections',
    body: { object: 'site:1', reason: 'in court' },
    status: 201,
    answer: { object: 'site:1', backend: null, by: 'alice', reason: 'in court' },
    location: '/protections',
  },
  {
    name: 'DELETE /protections',
    path: '/protections?object=site:1',
    status: 200,
    answer: { wasProtected: true },
  },
  { name: 'POST /retry', path: '/retry', body: { failed: true }, status: 200, answer: {} },
  { name: 'POST /objects/{object}/retry', path: '/objects/site:1/retry', status: 200, answer: {} },
  { name: 'POST /objects/{object}/cancel', path: '/objects/site:2/cancel', status: 200, answer: {} },
  {
    name: 'POST /objects/{object}/collect',
    path: '/objects/site:1/collect',
    status: 202,
    answer: { object: 'site:1' },
    location: expect.stringMatching(/^\/api\/v1\/units\/[0-9a-f-]{36}$/),
  },
  { name: 'POST /units/{unit}/retry', path: '/units/UNIT/retry', status: 200, answer: {} },
  { name: 'POST /units/{unit}/cancel', path: '/units/UNIT/cancel', status: 200, answer: {} },
  { name: 'POST /logs/{log}/retry', path: '/logs/1/retry', status: 200, answer: {} },
  { name: 'POST /logs/{log}/cancel', path: '/logs/1/cancel', status: 200, answer: {} },
  {
    name: 'POST /plans/preview',
    path: '/plans/preview',
    body: { server: 'here' },
    status: 200,
    answer: { counts: {} },
  },
  {
    name: 'POST /plans',
    path: '/plans',
    body: { server: 'here' },
    status: 201,
    answer: { id: 1, state: 'open', server: 'here', by: 'alice', approval: { needed: [], given: null } },
    location: '/plans/1',
  },
  {
    name: 'POST /plans/{plan}/approve',
    path: '/plans/1/approve',
    body: { reason: 'looks right' },
    status: 200,
    answer: { verdict: 'approved', by: 'alice', reason: 'looks right', needed: [] },
  },
  {
    name: 'POST /plans/{plan}/apply',
    path: '/plans/1/apply',
    status: 201,
    answer: { operations: expect.any(Number) },
    location: expect.stringMatching(/^\/api\/v1\/units\/[0-9a-f-]{36}$/),
  },
  { name: 'POST /plans', path: '/plans', status: 201, answer: { id: 2, server: null }, location: '/plans/2' },
  {
    name: 'POST /plans/{plan}/reject',
    path: '/plans/2/reject',
    body: { reason: 'not now' },
    status: 200,
    answer: { verdict: 'rejected', reason: 'not now' },
  },
  { name: 'POST /plans', path: '/plans', status: 201, answer: { id: 3 }, location: '/plans/3' },
  {
    name: 'POST /plans/{plan}/discard',
    path: '/plans/3/discard',
    status: 200,
    answer: { id: 3, state: 'discarded', endedBy: 'alice' },
  },
  {
    name: 'POST /syncs',
    path: '/syncs',
    body: { mode: 'check', server: 'here' },
    status: 202,
    answer: { id: expect.any(Number) },
    location: '/syncs/SYNC',
  },
  {
    name: 'POST /syncs/{id}/cancel',
    path: '/syncs/SYNC/cancel',
    status: 200,
    answer: { wasOpen: true, state: 'cancelled' },
  },
  {
    name: 'POST /views',
    path: '/views',
    body: { name: 'failing', page: 'logs', q: 'is:failed', shared: true },
    status: 201,
    answer: { id: 1, name: 'failing', sort: null, shared: true, owner: 'alice', own: true },
    location: '/views/1',
  },
  {
    name: 'PATCH /views/{view}',
    path: '/views/1',
    body: { sort: '-since' },
    status: 200,
    answer: { name: 'failing', q: 'is:failed', sort: '-since' },
  },
  { name: 'DELETE /views/{view}', path: '/views/1', status: 200, answer: { removed: { id: 1 } } },
  {
    name: 'POST /findings/repair',
    path: '/findings/repair',
    body: { server: 'here' },
    status: 200,
    answer: { unit: null, findings: 0, saves: 0 },
  },
  {
    name: 'POST /servers',
    path: '/servers',
    body: { name: 'far', method: 'function' },
    status: 201,
    answer: { server: { name: 'far' }, approved: true },
    location: '/servers/far',
  },
  {
    name: 'PATCH /servers/{server}',
    path: '/servers/far',
    body: { user: 'deploy' },
    status: 200,
    answer: { server: { user: 'deploy' }, changed: true },
  },
  {
    name: 'POST /servers/check',
    path: '/servers/check',
    body: { servers: ['here'] },
    status: 200,
    answer: [{ server: 'here', state: 'ok' }],
  },
  {
    name: 'POST /servers/{server}/check',
    path: '/servers/here/check',
    status: 200,
    answer: [{ server: 'here', state: 'ok' }],
  },
  {
    name: 'POST /servers/{server}/approve-key',
    path: '/servers/shy/approve-key',
    body: { fingerprint: fingerprint(hostKey) },
    status: 200,
    answer: { server: 'shy', before: null },
  },
  {
    name: 'POST /servers/{server}/trash/{id}/restore',
    path: '/servers/here/trash/TRASH/restore',
    status: 200,
    answer: { server: 'here' },
  },
  {
    name: 'POST /servers/{server}/trash/empty',
    path: '/servers/here/trash/empty',
    body: { yes: true },
    status: 200,
    answer: [{ server: 'here', removed: [expect.any(String)] }],
  },
  {
    name: 'POST /trash/empty',
    path: '/trash/empty',
    body: { yes: true },
    status: 200,
    answer: expect.any(Array),
    entries: 0,
  },
  {
    name: 'POST /adoptions/survey',
    path: '/adoptions/survey',
    body: { server: 'here', backend: 'files' },
    status: 200,
    answer: { backends: [{ backend: 'files', right: [{ object: 'site:5' }] }] },
  },
  {
    name: 'POST /adoptions',
    path: '/adoptions',
    body: { server: 'here', backend: 'files', objects: ['site:5'], yes: true },
    status: 200,
    answer: { adopted: 1 },
  },
  {
    name: 'POST /schedules/{schedule}/run',
    path: '/schedules/nightly/run',
    status: 202,
    answer: { id: expect.any(Number) },
    location: expect.stringMatching(/^\/api\/v1\/syncs\/\d+$/),
  },
  {
    name: 'POST /incidents/{incident}/mute',
    path: '/incidents/1/mute',
    body: { reason: 'new disk on Monday' },
    status: 200,
    answer: { id: 1, muted: { by: 'alice', reason: 'new disk on Monday' } },
  },
  {
    name: 'POST /incidents/{incident}/acknowledge',
    path: '/incidents/1/acknowledge',
    body: { note: 'at it' },
    status: 200,
    answer: { acknowledged: { by: 'alice', note: 'at it' } },
  },
  {
    name: 'POST /incidents/{incident}/retry',
    path: '/incidents/1/retry',
    status: 200,
    answer: { bulk: null, action: 'retry', count: 0, items: [] },
  },
  {
    name: 'POST /incidents/{incident}/merge',
    path: '/incidents/2/merge',
    body: { into: 1 },
    status: 200,
    answer: { id: 1, mergedInto: null },
  },
  {
    name: 'POST /incidents/{incident}/split',
    path: '/incidents/2/split',
    status: 200,
    answer: { id: 2, state: 'recovered', mergedInto: null },
  },
  {
    name: 'POST /incidents/{incident}/resolve',
    path: '/incidents/1/resolve',
    status: 200,
    answer: { state: 'resolved', resolvedBy: 'alice' },
  },
  {
    name: 'POST /channels',
    path: '/channels',
    body: { channel: 'ops', webhook: { url: 'http://127.0.0.1:9/' } },
    status: 201,
    answer: { channel: 'ops', signingSecret: expect.stringMatching(/^whsec_/) },
    location: '/channels/ops',
  },
  {
    name: 'POST /channels/{channel}/test',
    path: '/channels/ops/test',
    status: 200,
    answer: { channel: 'ops', error: expect.any(String) },
  },
  {
    name: 'POST /deliveries/{delivery}/redeliver',
    path: '/deliveries/1/redeliver',
    status: 200,
    answer: { id: 1, channel: 'ops', state: 'waiting', attempt: 0 },
  },
  {
    name: 'DELETE /channels/{channel}',
    path: '/channels/ops',
    status: 200,
    answer: { removed: 'ops' },
  },
  {
    name: 'POST /hooks',
    path: '/hooks',
    body: { hook: 'shop', does: 'check', servers: ['here'] },
    status: 201,
    answer: { name: 'shop', proof: 'secret', secret: expect.stringMatching(/^whook_[\w-]{43}$/) },
    location: '/hooks/shop',
  },
  { name: 'DELETE /hooks/{hook}', path: '/hooks/shop', status: 200, answer: { removed: 'shop' } },
  {
    name: 'POST /requests/{request}/cancel',
    path: '/requests/1/cancel',
    status: 200,
    answer: { request: 1, wasOpen: true },
  },
  {
    name: 'POST /bulk',
    path: '/bulk',
    body: { action: 'collect', items: ['site:1', 'site:2'] },
    status: 202,
    answer: { bulk: 2, action: 'collect', count: 2 },
    location: '/bulk/2',
  },
  {
    name: 'POST /bulk/{bulk}/cancel',
    path: '/bulk/2/cancel',
    status: 200,
    answer: { request: 2, wasOpen: true },
  },
  {
    name: 'POST /objects/{object}/forget',
    path: '/objects/site:1/forget',
    body: { yes: true },
    status: 200,
    answer: {},
  },
  {
    name: 'DELETE /servers/{server}',
    path: '/servers/here?dryRun=true',
    status: 200,
    answer: { server: 'here', removed: null },
  },
  {
    name: 'POST /users',
    path: '/users',
    body: { user: 'ana', role: 'viewer', servers: ['here'] },
    status: 201,
    answer: { name: 'ana', login: 'link', roles: ['viewer'] },
    location: '/users/ana',
  },
  {
    name: 'POST /users/{user}/link',
    path: '/users/ana/link',
    status: 200,
    answer: { user: 'ana', secret: expect.stringMatching(/^[\w-]{43}$/) },
  },
  {
    name: 'PATCH /users/{user}',
    path: '/users/ana',
    body: { disabled: true },
    status: 200,
    answer: { name: 'ana', disabled: true },
  },
  {
    name: 'POST /tokens',
    path: '/tokens',
    body: { token: 'ci', role: 'operator', days: 30, networks: ['192.0.2.0/24'] },
    status: 201,
    answer: { name: 'ci', token: expect.stringMatching(/^orc_/), networks: ['192.0.2.0/24'] },
    location: '/tokens/ci',
  },
  {
    name: 'DELETE /tokens/{token}',
    path: '/tokens/ci',
    status: 200,
    answer: { name: 'ci', state: 'revoked' },
  },
  {
    name: 'POST /roles',
    path: '/roles',
    body: { role: 'restarter', permissions: ['status.read'] },
    status: 201,
    answer: { name: 'restarter', permissions: ['status.read'] },
    location: '/roles/restarter',
  },
  {
    name: 'PATCH /roles/{role}',
    path: '/roles/restarter',
    body: { permissions: ['status.read', 'retry'] },
    status: 200,
    answer: { name: 'restarter', permissions: ['status.read', 'retry'] },
  },
  { name: 'DELETE /roles/{role}', path: '/roles/restarter', status: 200, answer: { removed: true } },
  {
    name: 'POST /bindings',
    path: '/bindings',
    body: { role: 'viewer', group: 'keycloak/ops' },
    status: 201,
    answer: { role: 'viewer', group: 'keycloak/ops' },
    location: '/bindings/BINDING',
  },
  { name: 'DELETE /bindings/{binding}', path: '/bindings/BINDING', status: 200, answer: { role: 'viewer' } },
  { name: 'DELETE /sessions/{session}', path: '/sessions/SESSION', status: 200, answer: { revoked: true } },
  { name: 'DELETE /users/{user}', path: '/users/ana', status: 200, answer: { user: 'ana', removed: true } },
]

const nightly: Schedule = { name: 'nightly', cron: '0 3 * * *', does: 'check', server: 'here' }

const AN_INCIDENT = `insert into orchestra.incident (key, outcome, objects, most, told, opened_at, seen_at)
  select key, 'failure', 1, 1, 1, now(), now() from unnest('{a, b}'::text[]) key`

const A_DELIVERY = `insert into orchestra.delivery (channel_id, message, state, attempt)
  select id, '{"type": "test", "timestamp": "2026-01-02T03:04:05.000Z", "data": {"text": "a test"}}', 'failed', 16 from orchestra.channel`

const someRequest: NewRequest = {
  verb: 'server.check',
  input: {},
  agrees: false,
  asker: { kind: 'claimed', name: 'bo' },
  repeatable: true,
}

/** Somebody who came in by the first link. */
async function sessionOf({ store }: World): Promise<string> {
  const link = await makeLink(store, {}, { by: 'test' })
  const { session } = await enterByLink(store, { secret: link.secret, address: '127.0.0.1' })
  return String(session.id)
}

test('every endpoint that changes something, or computes at length, is asked here', () => {
  const acting = endpoints.filter(({ method }) => method !== 'GET').map(nameOf)
  expect([...new Set(acts.map(({ name }) => name))].toSorted()).toEqual(acting.toSorted())
})

describeStores('the API', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  beforeEach(async () => {
    world = await livedIn(await build({ ...adoptable, schedules: [nightly] }))
  }, 120_000)

  const audited = async (): Promise<number> => {
    const [row] = await world.store.query<{ count: number }>(
      `select count(*) as count from orchestra.audit where actor = 'alice'`,
    )
    return row?.count ?? 0
  }

  test('does what the verbs do, audited once as whoever asked', { timeout: 180_000 }, async () => {
    const api = apiOf(world)
    await world.store.query(`insert into site (id, body) values (5, 'by hand')`)
    await world.collect()
    await writeFile(join(world.directory, 'here', 'sites', '5'), 'a.org by hand')
    const { id: shy } = await addServer(world.store, { name: 'shy', host: '192.0.2.1', by: 'test' })
    await recordPresentedKey(world.store, shy, hostKey)
    await addRequest(world.store, someRequest)
    await world.store.query(AN_INCIDENT)
    const [trashed] = (await api.ask(below('/trash'))).json().items
    const [unit] = await world.store.query<{ id: string }>('select id from orchestra.unit limit 1')
    const ids: Record<string, string> = {
      UNIT: unit?.id ?? '',
      SESSION: await sessionOf(world),
      TRASH: trashed.id,
    }
    const filled = (text: string) => text.replace(/[A-Z]{4,}/, (name) => ids[name] ?? name)
    for (const { name, path, body, status, answer, location, entries } of acts) {
      const [method] = name.split(' ') as ['POST']
      const before = await audited()
      const url = below(filled(path))
      const response = await api.ask({ method, url, ...(body === undefined ? {} : { body }) })
      expect([name, response.statusCode, api.troubles]).toEqual([name, status, []])
      expect({ answer: response.json() }).toMatchObject({ answer })
      if (path === '/syncs') ids.SYNC = String(response.json().id)
      if (path === '/bindings') ids.BINDING = String(response.json().id)
      const place = typeof location === 'string' ? below(filled(location)) : location
      expect(response.headers.location).toEqual(place)
      if (path === '/channels') await world.store.query(A_DELIVERY)
      const isTried = url.includes('dryRun') || JSON.stringify(body ?? {}).includes('dryRun')
      const changes = endpoints.find((one) => nameOf(one) === name)?.verb.kind === 'write' && !isTried
      expect([name, (await audited()) - before]).toEqual([name, entries ?? (changes ? 1 : 0)])
    }
  })

  test('does nothing that cannot be taken back before somebody agrees, and holds nothing until a time that is over', async () => {
    const api = apiOf(world)
    const refused = await api.ask({ method: 'POST', url: below('/objects/site:1/forget'), body: {} })
    expect(refused.statusCode).toBe(409)
    expect(refused.json().hint).toContain('"yes": true')
    expect((await api.ask(below('/objects/site:1/placements'))).json().items).toHaveLength(1)
    const over = { reason: 'dust', until: '2020-01-01T00:00:00Z' }
    const late = await api.ask({ method: 'POST', url: below('/servers/here/hold'), body: over })
    expect([late.statusCode, late.json().errors]).toEqual([
      400,
      [{ pointer: '/body/until', detail: 'is over already' }],
    ])
    const kept = await api.ask({ method: 'DELETE', url: below('/servers/here') })
    expect([kept.statusCode, kept.json().code]).toEqual([409, 'ORC_SERVER_IN_USE'])
    const removed = await api.ask({ method: 'DELETE', url: below('/servers/here?yes=true') })
    expect([removed.statusCode, removed.json().server]).toEqual([200, 'here'])
    expect((await api.ask(below('/servers/here'))).statusCode).toBe(404)
  })
})
