import { beforeEach, expect, it } from 'vitest'
import { addBinding, addToken, addUser, makeLink, setUser } from '../../src/access/index.ts'
import type { HttpOptions } from '../../src/config/http.ts'
import { checkHttp } from '../../src/config/http.ts'
import { byCredentials } from '../../src/http/credentials.ts'
import { askerOf } from '../operate/world.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, useApis } from './api.ts'

const own = { origin: 'http://127.0.0.1:4480', 'sec-fetch-site': 'same-origin' }
const password = 'four random words here'

describePostgres('a session', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let api: Api
  beforeEach(async () => {
    world = await build({})
    await addUser(world.store, { name: 'ana', role: 'operator' }, { by: 'test' })
    api = start()
  })

  const start = (http: HttpOptions = {}, more: object = {}): Api => {
    const { config, store } = { ...askerOf(world) }
    const checked = checkHttp(http)
    const hosts = new Set(['orchestra.example'])
    const authenticate = byCredentials(store, checked)
    return apiOf(world, { authenticate, hosts, config: { ...config, http: checked }, ...more })
  }
  const login = (body: object, headers: Record<string, string> = {}) =>
    api.ask({ method: 'POST', url: below('/session'), headers, body })
  const linkOf = async () => (await makeLink(world.store, { user: 'ana' }, { by: 'test' })).secret
  const enter = (link: string, headers: Record<string, string> = {}, more: object = {}) =>
    api.ask({ method: 'POST', url: below('/session/link'), headers, body: { link, ...more } })
  const cookieIn = ({ headers }: Awaited<ReturnType<typeof enter>>) =>
    String(headers['set-cookie']).split(';')[0] ?? ''
  const cookieOf = async () => cookieIn(await enter(await linkOf()))
  const me = async (cookie: string) =>
    (await api.ask({ url: below('/me'), headers: { cookie } })).json().name as string | undefined

  it('is begun by name and password, and told to the browser alone', async () => {
    await setUser(world.store, 'ana', { password }, { by: 'test' })
    const response = await login({ name: 'ana', password })
    expect([response.statusCode, response.json()]).toEqual([
      200,
      { user: 'ana', createdAt: expect.any(String), endsAt: expect.any(String), returnTo: '/' },
    ])
    expect(response.headers['cache-control']).toBe('no-store')
    const [set] = [response.headers['set-cookie']].flat()
    expect(set).toMatch(/^orchestra=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/i)
    const cookie = String(set).split(';')[0] ?? ''
    expect(response.body).not.toContain(cookie.slice('orchestra='.length))
    const asked = await api.ask({ url: below('/me'), headers: { cookie } })
    expect(asked.json()).toMatchObject({ kind: 'user', name: 'ana' })
    expect(asked.json().permissions).toContain('retry')
    expect(asked.json().permissions).not.toContain('user')
    expect(asked.json().grants).toMatchObject([
      { servers: null, backends: null, models: null, actions: null },
    ])
  })

  it('where TLS is has a cookie that no neighbour can put there', async () => {
    api = start({ url: 'https://orchestra.example' })
    const { headers } = await enter(await linkOf())
    expect(headers['set-cookie']).toMatch(/^__Host-orchestra=.*; Path=\/; .*Secure/)
    const plain = String(headers['set-cookie']).split(';')[0]?.replace('__Host-', '') ?? ''
    expect(await me(plain)).toBe(undefined)
  })

  it('is begun by a link once, and the first makes an admin', async () => {
    const { secret } = await makeLink(world.store, {}, { by: 'test' })
    const first = await enter(secret)
    expect([first.statusCode, first.json().user]).toEqual([200, 'admin'])
    const again = await enter(secret)
    expect([again.statusCode, again.json().code]).toEqual([401, 'ORC_LOGIN_REFUSED'])
    expect(again.headers['set-cookie']).toBe(undefined)
    for (const link of ['', 'x', 'a'.repeat(2_001)]) {
      expect([400, 401]).toContain((await enter(link)).statusCode)
    }
  })

  it('is another one after each login, and what somebody was given before it is good for nothing', async () => {
    const fixed = `orchestra=${'a'.repeat(43)}`
    const first = cookieIn(await enter(await linkOf(), { cookie: fixed, ...own }))
    expect(first).not.toBe(fixed)
    expect(await me(fixed)).toBe(undefined)
    const second = cookieIn(await enter(await linkOf(), { cookie: first, ...own }))
    expect(await me(first)).toBe(undefined)
    expect(await me(second)).toBe('ana')
  })

  it('ends when its user leaves, is disabled, or has another password', async () => {
    const left = await cookieOf()
    const leave = () =>
      api.ask({ method: 'DELETE', url: below('/session'), headers: { cookie: left, ...own } })
    const gone = await leave()
    expect([gone.statusCode, gone.json()]).toEqual([200, { ended: true }])
    expect(gone.headers['set-cookie']).toMatch(/^orchestra=; Max-Age=0/)
    expect(await me(left)).toBe(undefined)
    expect((await leave()).statusCode).toBe(401)
    const told = `select actor, target, detail ->> 'address' as address from orchestra.audit where action = 'session.close'`
    expect(await world.store.query(told)).toEqual([{ actor: 'ana', target: 'ana', address: '127.0.0.1' }])
    const cookie = await cookieOf()
    await world.store.query('update orchestra.account set disabled_at = now()')
    expect(await me(cookie)).toBe(undefined)
  })

  it('changes nothing for a page of another origin, nor for one that does not say whose it is', async () => {
    const cookie = await cookieOf()
    const foreign: Record<string, string>[] = [
      {},
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: own.origin },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'none', origin: 'http://evil.example' },
    ]
    const ask = (headers: Record<string, string>) =>
      api.ask({ method: 'POST', url: below('/servers/here/hold'), headers: { cookie, ...headers }, body: {} })
    for (const headers of foreign) {
      const response = await ask(headers)
      expect([headers, response.statusCode, response.json().code]).toEqual([headers, 403, 'ORC_HTTP_ORIGIN'])
    }
    const form = await api.ask({
      method: 'POST',
      url: below('/servers/here/hold'),
      headers: { cookie, ...own, 'content-type': 'text/plain' },
      payload: '{}',
    })
    expect(form.statusCode).toBe(415)
    expect((await api.ask({ url: below('/servers/here'), headers: { cookie } })).json().held).toBe(null)
    const right: Record<string, string>[] = [own, { 'sec-fetch-site': 'same-origin' }, { origin: own.origin }]
    for (const headers of right) expect([headers, (await ask(headers)).statusCode]).toEqual([headers, 200])
  })

  it('is for a page that came without TLS another origin where TLS is', async () => {
    api = start({ url: 'https://orchestra.example' })
    const cookie = await cookieOf()
    for (const [origin, status] of [
      ['http://orchestra.example', 403],
      ['https://orchestra.example', 200],
    ] as const) {
      const headers = { cookie, origin }
      const asked = {
        method: 'DELETE',
        url: below('/pause'),
        headers,
        authority: 'orchestra.example',
      } as const
      expect([origin, (await api.ask(asked)).statusCode]).toEqual([origin, status])
    }
  })

  it('leads nowhere but to a path of this server', async () => {
    const wrong = [
      '//evil.example',
      '/\\evil.example',
      '\\/evil.example',
      '\\\\evil.example',
      'https://evil.example',
      'javascript:alert(1)',
      'evil',
      '',
      '/\t/evil.example',
      '/\n/evil.example',
      '/.//evil.example',
      '/x/..//evil.example',
      `/${'a'.repeat(2_000)}`,
    ]
    const link = await linkOf()
    for (const returnTo of wrong) {
      const response = await enter(link, {}, { returnTo })
      expect([returnTo, response.statusCode, response.headers['set-cookie']]).toEqual([
        returnTo,
        400,
        undefined,
      ])
      expect(response.json().errors).toMatchObject([{ pointer: '/body/returnTo' }])
    }
    const right = await enter(link, {}, { returnTo: '/logs/1?q=a%20b#L3' })
    expect(right.json().returnTo).toBe('/logs/1?q=a%20b#L3')
  })

  it('is not begun by guessing: too many attempts are refused, with when to come back', async () => {
    const wrong = await login({ name: 'ana', password: 'not it' })
    expect([wrong.statusCode, wrong.json().code]).toEqual([401, 'ORC_LOGIN_REFUSED'])
    await world.store.query('update orchestra.login_attempt set count = 10')
    const refused = await login({ name: 'ana', password })
    expect([refused.statusCode, refused.json().code]).toEqual([429, 'ORC_LOGIN_LIMITED'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(800)
  })

  it('of who asks too often waits, as a token does, and each has a bucket of its own', async () => {
    const { token } = await addToken(world.store, { name: 'ci', role: 'viewer', days: 1 }, { by: 'test' })
    api = start({ requests: 3 })
    const cookie = await cookieOf()
    const counted = async (headers: Record<string, string>) => {
      const { statusCode, headers: told } = await api.ask({ url: below('/me'), headers })
      return [
        statusCode,
        told['ratelimit-limit'],
        told['ratelimit-remaining'],
        told['retry-after'] === undefined,
      ]
    }
    for (const headers of [{ cookie }, { authorization: `Bearer ${token}` }] as Record<string, string>[]) {
      for (const left of ['2', '1', '0']) expect(await counted(headers)).toEqual([200, '3', left, true])
      expect(await counted(headers)).toEqual([429, '3', '0', false])
    }
    const strangers = await api.ask({ url: below('/me') })
    expect([strangers.statusCode, strangers.headers['ratelimit-limit']]).toEqual([401, '300'])
    for (let nth = 0; nth < 300; nth++) await api.ask({ url: below('/me') })
    expect((await api.ask(below('/me'))).statusCode).toBe(429)
    expect((await api.ask(below('/health'))).statusCode).toBe(200)
  })

  it('is told where it comes from by the proxies that are named, and by nobody else', async () => {
    const from = async (): Promise<string> => {
      await enter(await linkOf(), { 'x-forwarded-for': '192.0.2.7' })
      const [row] = await world.store.query<{ address: string }>(
        'select address from orchestra.session order by id desc limit 1',
      )
      return row?.address ?? ''
    }
    expect(await from()).toBe('127.0.0.1')
    api = start({ proxies: ['127.0.0.0/8'] })
    expect(await from()).toBe('192.0.2.7')
    api = start({ proxies: ['10.0.0.0/8'] })
    expect(await from()).toBe('127.0.0.1')
  })

  it('is needed by nobody whom a proxy names, which is believed where it connects from and nowhere else', async () => {
    const to = { group: 'proxy/ops' }
    await addBinding(world.store, { role: 'operator', to }, { by: 'test' })
    const proxyUser = { from: ['10.0.0.0/8'], header: 'X-Forwarded-User', groups: 'X-Forwarded-Groups' }
    api = start({ proxyUser, proxies: ['10.0.0.0/8', '127.0.0.1'] })
    const ask = (headers: Record<string, string | string[]>, more: object = {}) =>
      api.ask({ url: below('/me'), headers, remoteAddress: '10.0.0.5', ...more })
    const named = { 'x-forwarded-user': 'kim', 'x-forwarded-groups': 'dev, ops' }
    const known = await ask(named)
    expect([known.statusCode, known.json()]).toMatchObject([200, { kind: 'user', name: 'kim' }])
    expect(known.json().permissions).toContain('retry')
    expect(known.headers['set-cookie']).toBe(undefined)
    const groups = `select groups from orchestra.account where issuer = 'proxy' and subject = 'kim'`
    expect(await world.store.query(groups)).toEqual([{ groups: ['proxy/dev', 'proxy/ops'] }])
    for (const remoteAddress of ['127.0.0.1', '192.0.2.7', '::1'])
      expect((await ask({ ...named, 'x-forwarded-for': '10.0.0.5' }, { remoteAddress })).statusCode).toBe(401)
    const refused: [Record<string, string | string[]>, number, string][] = [
      [{ ...named, 'x-forwarded-user': ['kim', 'ana'] }, 400, 'ORC_HTTP_MALFORMED'],
      [{ ...named, 'x-forwarded-user': 'kim, ana' }, 400, 'ORC_HTTP_MALFORMED'],
      [{ ...named, 'x-forwarded-groups': ['dev', 'ops'] }, 400, 'ORC_HTTP_MALFORMED'],
      [{ ...named, 'x-forwarded-user': 'k'.repeat(201) }, 400, 'ORC_HTTP_MALFORMED'],
      [{ ...named, 'x-forwarded-user': '\xff' }, 400, 'ORC_HTTP_MALFORMED'],
      [{ ...named, 'x-forwarded-user': '' }, 401, 'ORC_HTTP_ANONYMOUS'],
      [{ 'x-forwarded-user': 'lee' }, 403, 'ORC_LOGIN_UNMAPPED'],
      [{ ...named, authorization: 'Bearer orc_x' }, 401, 'ORC_TOKEN_INVALID'],
    ]
    for (const [headers, status, code] of refused) {
      const answer = await ask(headers)
      expect([headers, answer.statusCode, answer.json().code]).toEqual([headers, status, code])
    }
    const write = { method: 'POST', url: below('/servers/here/hold'), body: {} }
    expect((await ask(named, write)).json().code).toBe('ORC_HTTP_ORIGIN')
    expect((await ask({ ...named, ...own }, write)).statusCode).toBe(200)
    const leave = { method: 'DELETE', url: below('/session') }
    expect((await ask({ ...named, ...own }, leave)).json()).toEqual({ ended: false })
    expect((await ask({ 'x-forwarded-user': 'kim' })).json().code).toBe('ORC_LOGIN_UNMAPPED')
    await setUser(world.store, 'kim', { disabled: true }, { by: 'test' })
    expect((await ask(named)).json().code).toBe('ORC_LOGIN_REFUSED')
    expect((await world.store.query('select from orchestra.account')).length).toBe(2)
    for (const wrong of [
      { from: ['0.0.0.0/0'] },
      { from: [] },
      { header: 'Cookie' },
      { groups: 'x-forwarded-user' },
    ])
      expect(() => checkHttp({ proxyUser: { ...proxyUser, ...wrong } })).toThrow(/proxyUser/)
  })

  it('shows whoever may see no others his own, and ends only those', async () => {
    await addUser(world.store, { name: 'bo', role: 'admin' }, { by: 'test' })
    const cookie = await cookieOf()
    const foreign = await enter((await makeLink(world.store, { user: 'bo' }, { by: 'test' })).secret)
    for (const user of ['ana', 'bo'])
      await addToken(world.store, { name: `of-${user}`, role: 'viewer', user, days: 1 }, { by: 'test' })
    const asked = async (path: string, as = cookie) =>
      (await api.ask({ url: below(path), headers: { cookie: as } })).json()
    expect((await asked('/sessions')).items).toMatchObject([{ user: 'ana' }])
    expect((await asked('/sessions?user=bo')).items).toEqual([])
    expect((await asked('/users')).items).toMatchObject([{ name: 'ana' }])
    expect((await asked('/users/bo')).code).toBe('ORC_USER_UNKNOWN')
    expect((await asked('/tokens')).items).toMatchObject([{ name: 'of-ana' }])
    expect((await asked('/tokens/of-bo')).code).toBe('ORC_TOKEN_UNKNOWN')
    const all = (await asked('/sessions', cookieIn(foreign))).items as { id: number; user: string }[]
    expect(all.map(({ user }) => user).toSorted()).toEqual(['ana', 'bo'])
    const end = async (user: string) => {
      const id = all.find((one) => one.user === user)?.id
      const headers = { ...own, cookie }
      return (await api.ask({ method: 'DELETE', url: below(`/sessions/${id}`), headers })).statusCode
    }
    expect([await end('bo'), await end('ana')]).toEqual([404, 200])
    expect(await me(cookie)).toBe(undefined)
    // A token is not whom it belongs to, if anybody.
    for (const user of [undefined, 'bo']) {
      const given = { name: `ci-${user}`, role: 'viewer', user, days: 1 }
      const { token } = await addToken(world.store, given, { by: 'test' })
      const headers = { authorization: `Bearer ${token}` }
      for (const path of ['/sessions', '/users', '/tokens'])
        expect((await api.ask({ url: below(path), headers })).json().items).toEqual([])
      const id = all.find((one) => one.user === 'bo')?.id
      const ended = await api.ask({ method: 'DELETE', url: below(`/sessions/${id}`), headers })
      expect(ended.json().code).toBe('ORC_SESSION_UNKNOWN')
    }
  })

  it('has few streams, which end with it and with what it may', async () => {
    api = start({ streams: 1 }, { looksAgain: 50 })
    const [one, other] = [await cookieOf(), await cookieOf()]
    const stream = async (cookie: string) =>
      (await api.ask({ url: below('/events/stream'), headers: { cookie } })).statusCode
    // Who waits for a unit of work is counted with them.
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    const [unit] = await world.store.query<{ id: string }>('select id from orchestra.unit')
    const wait = async (cookie: string) =>
      (await api.ask({ url: below(`/units/${unit?.id}?wait=60`), headers: { cookie } })).statusCode
    const waits = [wait(one), wait(other)]
    expect(await Promise.race(waits)).toBe(429)
    expect((await api.ask({ url: below(`/units/${unit?.id}`), headers: { cookie: one } })).statusCode).toBe(
      200,
    )
    await world.store.query(
      `update orchestra.operation set state = 'done', outcome = 'success', ended_at = now()`,
    )
    await world.store.query(`notify orchestra_control`)
    expect((await Promise.all(waits)).toSorted()).toEqual([200, 429])
    // Of two at once one is refused; so the other is open.
    const both = () => [stream(one), stream(other)]
    const seen = () => world.store.query('select seen_at from orchestra.session order by id')
    const before = await seen()
    const first = both()
    expect(await Promise.race(first)).toBe(429)
    await world.store.query(`update orchestra.binding set role = 'viewer'`)
    expect((await Promise.all(first)).toSorted()).toEqual([200, 429])
    expect(await seen()).toEqual(before)
    const second = both()
    expect(await Promise.race(second)).toBe(429)
    for (const cookie of [one, other])
      await api.ask({ method: 'DELETE', url: below('/session'), headers: { cookie, ...own } })
    expect((await Promise.all(second)).toSorted()).toEqual([200, 429])
  })
})
