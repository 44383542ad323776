import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { addUser, setUser } from '../../src/access/index.ts'
import { addHook, type NewHook, readHook } from '../../src/hooks/index.ts'
import { type HookShown, hookAdd, hookShow } from '../../src/operate/index.ts'
import { ask, askerOf } from '../operate/world.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, useApis } from './api.ts'

const by = { by: 'test' }

/** A sender who signs, as Standard Webhooks have it. */
function signer() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return { privateKey, publicKey: `whpk_${raw.toString('base64')}` }
}

interface Sent {
  id?: string
  body: string | Buffer
  key?: KeyObject
  secret?: string
  /** Seconds ago. */
  age?: number
  /** What is sent in the place of what was signed. */
  headers?: Record<string, string>
}

function requestOf({ id = randomUUID(), body, key, secret, age = 0, headers = {} }: Sent) {
  const timestamp = String(Math.floor(Date.now() / 1_000) - age)
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)])
  const signature =
    key === undefined
      ? {}
      : { 'webhook-signature': `v1,AAAA v1a,${sign(null, signed, key).toString('base64')}` }
  const shown = secret === undefined ? {} : { authorization: `Bearer ${secret}` }
  return {
    method: 'POST' as const,
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      ...{ ...signature, ...shown, ...headers },
    },
  }
}

describePostgres('hooks', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let api: Api
  const sender = signer()
  beforeEach(async () => {
    world = await build({})
    await world.store.query(`insert into site (id, domain) values (1, 'a.example'), (2, 'b.example')`)
    api = apiOf(world, { authenticate: async () => undefined })
  }, 120_000)

  const hook = (given: Partial<NewHook>) =>
    addHook(
      world.store,
      { name: 'shop', does: 'collect', at: { key: ['/data/id'] }, models: ['site'], ...given },
      by,
    )
  const send = (sent: Sent, name = 'shop') =>
    api.ask({ url: below(`/hooks/${name}/deliver`), ...requestOf(sent) })
  const shown = async (name = 'shop') => (await ask(hookShow, { hook: name }, askerOf(world))) as HookShown

  test('have an object looked at when their sender says so, once however often he does', async () => {
    await hook({ publicKey: sender.publicKey })
    const id = 'msg_1'
    const said = { id, key: sender.privateKey, body: JSON.stringify({ data: { id: 2 } }) }
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(said)))
    answers.push(await send({ ...said, headers: { 'content-type': 'text/plain' } }))
    for (const { statusCode } of answers) expect(statusCode).toBe(202)
    const [{ delivery }] = answers.map((answer) => answer.json()) as [{ delivery: number }]
    for (const answer of answers) expect(answer.json()).toEqual({ delivery })
    const { deliveries } = await shown()
    expect(deliveries).toMatchObject([{ id: delivery, message: id, state: 'done', error: null }])
    const [{ result } = { result: null }] = deliveries
    const asked = await world.store.query(
      `select keys, actor, unit_id::text as unit from orchestra.change where actor = 'hook:shop'`,
    )
    expect(asked).toEqual([
      { keys: [['2']], actor: 'hook:shop', unit: (result as { unit: string } | null)?.unit },
    ])
    const audited = await world.store.query(
      `select actor, target from orchestra.audit where action = 'object.collect'`,
    )
    expect(audited).toEqual([{ actor: 'hook:shop', target: 'site:2' }])
    expect(api.troubles).toEqual([])
  })

  test('begin a comparison of what the message or the limit names, by a secret that is shown', async () => {
    const { secret } = await hook({ name: 'deploys', does: 'check', at: {}, models: [], servers: ['here'] })
    expect((await send({ body: '{}', secret: secret ?? '' }, 'deploys')).statusCode).toBe(202)
    expect((await shown('deploys')).deliveries).toMatchObject([
      { state: 'done', result: { sync: expect.any(Number) } },
    ])
    const syncs = await world.store.query(
      `select sync.mode, s.name as server, sync.actor from orchestra.sync join orchestra.server s on s.id = sync.server_id
       where sync.actor is not null`,
    )
    expect(syncs).toEqual([{ mode: 'check', server: 'here', actor: 'hook:deploys' }])
    const [stored] = await world.store.query<{ row: string }>(
      `select (select string_agg(h::text, '') from orchestra.hook h) || (select string_agg(a::text, '') from orchestra.audit a) as row`,
    )
    expect(stored?.row).not.toContain(secret?.slice(6))
  })

  test('answer whoever is not their sender the same, whatever is wrong', async () => {
    await hook({ publicKey: sender.publicKey })
    const { secret } = await hook({ name: 'shown' })
    const said = { key: sender.privateKey, body: '{"data":{"id":1}}' }
    const tries: [Sent, string?][] = [
      [{ body: '' }],
      [{ ...said, key: signer().privateKey }],
      [{ ...said, age: 400 }],
      [{ ...said, age: -400 }],
      [{ ...said, headers: { 'webhook-id': 'another' } }],
      [{ ...said, headers: { 'webhook-id': '' } }],
      [{ ...said, headers: { 'webhook-timestamp': '1e9' } }],
      [{ ...said, headers: { 'webhook-signature': 'v1a,' } }],
      [{ ...said, headers: { 'webhook-signature': `v1a,${'A'.repeat(88)} v1a,% v1a` } }],
      [said, 'unknown'],
      [said, 'shown'],
      [{ body: said.body, secret: secret ?? '' }, 'shop'],
      [{ body: said.body, secret: `${secret}x` }, 'shown'],
      [{ body: said.body, secret: '' }, 'shown'],
    ]
    const answers = new Set<string>()
    for (const [sent, name] of tries) {
      const answer = await send(sent, name)
      answers.add(JSON.stringify({ ...answer.json(), requestId: '' }))
      expect(answer.statusCode).toBe(401)
    }
    expect([...answers]).toEqual([expect.stringContaining('ORC_HOOK_REFUSED')])
    const forged = { ...requestOf(said), body: '{"data":{"id":2}}' }
    expect((await api.ask({ url: below('/hooks/shop/deliver'), ...forged })).statusCode).toBe(401)
    const large = { ...said, body: `"${'a'.repeat(256_000)}"` }
    expect((await send(large)).statusCode).toBe(413)
    for (const name of ['shop', 'shown']) expect((await shown(name)).deliveries).toEqual([])
    expect(api.troubles).toEqual([])
  })

  test('answer their sender the same whatever comes of it, and tell what came to whoever may see them', async () => {
    await hook({
      publicKey: sender.publicKey,
      at: { key: ['/data/id'], model: '/data/m~1~0' },
      models: ['site'],
    })
    const id = (value: string, model = '"site"') => `{"data":{"id":${value},"m/~":${model}}}`
    const bodies: [body: string | Buffer, error: string | undefined][] = [
      [id('1'), undefined],
      [id('"1"'), undefined],
      ['', 'ORC_HOOK_BODY'],
      ['{', 'ORC_HOOK_BODY'],
      [Buffer.from([0xff, 0xfe, 0]), 'ORC_HOOK_BODY'],
      ['null', 'ORC_HOOK_BODY'],
      ['[]', 'ORC_HOOK_BODY'],
      ['{"data":{}}', 'ORC_HOOK_BODY'],
      ['{"data":{"m/~":"site"}}', 'ORC_HOOK_BODY'],
      ['{"data":[1]}', 'ORC_HOOK_BODY'],
      ['{"__proto__":{"data":{"id":1}}}', 'ORC_HOOK_BODY'],
      ['['.repeat(200_000), 'ORC_HOOK_BODY'],
      [id('9007199254740993'), 'ORC_HOOK_BODY'],
      [id('1.5'), 'ORC_HOOK_BODY'],
      [id('{}'), 'ORC_HOOK_BODY'],
      [id('""'), 'ORC_HOOK_BODY'],
      [id('77'), 'ORC_OBJECT_UNKNOWN'],
      [id('"1,2"'), 'ORC_OBJECT_UNKNOWN'],
      [id('"$(touch /tmp/x)\'"'), 'ORC_OBJECT_UNKNOWN'],
      [id('"a\\u0000b"'), 'ORC_INPUT_INVALID'],
      [id('"a\\ud800b"'), 'ORC_INPUT_INVALID'],
      [id(`"${'9'.repeat(100_000)}"`), 'ORC_INPUT_INVALID'],
      [id('1', '"other"'), 'ORC_FORBIDDEN'],
    ]
    for (const [at, [body]] of bodies.entries()) {
      const answer = await send({ id: String(at), key: sender.privateKey, body })
      expect([at, answer.statusCode, answer.json()]).toEqual([at, 202, { delivery: expect.any(Number) }])
    }
    const { deliveries } = await shown()
    const came = new Map(deliveries.map(({ message, error }) => [Number(message), error?.code]))
    expect(bodies.map((_, at) => came.get(at))).toEqual(bodies.map(([, error]) => error))
    for (const { error, state } of deliveries) {
      expect(state).toBe(error === null ? 'done' : 'refused')
      expect(error?.message.length ?? 0).toBeLessThanOrEqual(1_000)
    }
    const changes = await world.store.query(`select from orchestra.change where actor = 'hook:shop'`)
    expect(changes).toHaveLength(2)
    expect(api.troubles).toEqual([])
  })

  test('may what whoever they belong to may by then, and nothing else', async () => {
    await addUser(world.store, { name: 'ana', role: 'operator' }, by)
    const { secret } = await hook({ user: 'ana' })
    const say = async () => {
      await send({ body: '{"data":{"id":1}}', secret: secret ?? '' })
      return (await shown()).deliveries[0]
    }
    expect(await say()).toMatchObject({ state: 'done' })
    await setUser(world.store, 'ana', { disabled: true }, by)
    expect(await say()).toMatchObject({ state: 'refused', error: { code: 'ORC_FORBIDDEN' } })
    await setUser(world.store, 'ana', { disabled: false }, by)
    await world.store.query(`update orchestra.binding set role = 'viewer'`)
    expect(await say()).toMatchObject({ state: 'refused', error: { code: 'ORC_FORBIDDEN' } })
    const limited = {
      by: 'bo',
      grants: [{ permissions: new Set(['token', 'check'] as const), scope: allOf('web1') }],
    }
    const taken = addHook(world.store, { name: 'more', does: 'check', at: {} }, limited)
    await expect(taken).rejects.toMatchObject({ code: 'ORC_FORBIDDEN' })
  })

  test('are done again where nobody came to their end, and never twice', async () => {
    const { secret } = await hook({})
    const said = { id: 'again', body: '{"data":{"id":1}}', secret: secret ?? '' }
    await world.store.query(
      `insert into orchestra.hook_delivery (hook_id, message, received_at) select id, 'again', now() from orchestra.hook`,
    )
    for (let time = 0; time < 3; time++) expect((await send(said)).statusCode).toBe(202)
    expect((await shown()).deliveries).toMatchObject([{ message: 'again', state: 'done' }])
    expect(await world.store.query(`select from orchestra.change where actor = 'hook:shop'`)).toHaveLength(1)
    await world.store.query(`update orchestra.hook_delivery set received_at = now() - interval '8 days'`)
    await send({ body: '{"data":{"id":1}}', secret: secret ?? '' })
    expect((await shown()).deliveries).toHaveLength(1)
  })

  test('are counted each for itself, and strangers by their address', async () => {
    const { http } = world.config
    const config = { ...world.config, http: { ...http, requests: 3 } }
    api = apiOf(world, { config, authenticate: async () => undefined })
    const { secret } = await hook({})
    const said = { body: '{"data":{"id":1}}', secret: secret ?? '' }
    const answers = []
    for (let time = 0; time < 4; time++) answers.push((await send(said)).statusCode)
    expect(answers).toEqual([202, 202, 202, 429])
    expect((await send({ body: '{}' })).statusCode).toBe(401)
    expect((await shown()).deliveries).toHaveLength(3)
  })

  test('are refused where no message could ever do anything, and with a key by which everybody can sign', async () => {
    const add = (given: object) => ask(hookAdd, { hook: 'one', does: 'check', ...given }, askerOf(world))
    const key = (bytes: Buffer) => ({ publicKey: `whpk_${bytes.toString('base64')}` })
    const refused: [given: object, code: string][] = [
      [{ does: 'collect' }, 'ORC_HOOK_INVALID'],
      [{ does: 'collect', at: { key: ['/id'] } }, 'ORC_HOOK_INVALID'],
      [{ does: 'collect', at: { object: '/object' }, servers: ['here'] }, 'ORC_HOOK_INVALID'],
      [{ does: 'remove' }, 'ORC_INPUT_INVALID'],
      [{ at: { server: 'host' } }, 'ORC_INPUT_INVALID'],
      [{ at: { server: '/a~2' } }, 'ORC_INPUT_INVALID'],
      [{ servers: ['heer'] }, 'ORC_SERVER_UNKNOWN'],
      [{ publicKey: 'whsec_AAAA' }, 'ORC_HOOK_INVALID'],
      [key(Buffer.alloc(32)), 'ORC_HOOK_INVALID'],
      [key(Buffer.from([1, ...Buffer.alloc(31)])), 'ORC_HOOK_INVALID'],
      [key(Buffer.concat([Buffer.from('ec', 'hex'), Buffer.alloc(31, 255)])), 'ORC_HOOK_INVALID'],
      [key(Buffer.alloc(31, 7)), 'ORC_HOOK_INVALID'],
    ]
    for (const [given, code] of refused) {
      const error = await add(given).then(
        () => null,
        (thrown: { code: string }) => thrown.code,
      )
      expect([given, error]).toEqual([given, code])
    }
    expect(await add({ publicKey: sender.publicKey })).toMatchObject({ proof: 'signature', secret: null })
    await expect(add({})).rejects.toMatchObject({ code: 'ORC_HOOK_EXISTS' })
    expect(await readHook(world.store, 'one')).toMatchObject({ does: 'check', servers: null, by: 'alice' })
  })
})

function allOf(server: string) {
  return { servers: [server], backends: null, models: null, actions: null }
}
