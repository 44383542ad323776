import { afterEach, beforeEach, expect, it } from 'vitest'
import { addBinding, addUser, makeLink, setUser } from '../../src/access/index.ts'
import { checkHttp, type HttpOptions } from '../../src/config/http.ts'
import type { OidcOptions } from '../../src/config/oidc.ts'
import { byCredentials } from '../../src/http/credentials.ts'
import { Providers } from '../../src/http/oidc/providers.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, useApis } from './api.ts'
import { foreignKey, runLiar, type Said } from './oidc/liar.ts'
import { CLIENT, type RunningProvider, runProvider } from './oidc/provider.ts'

const callback = 'http://127.0.0.1:4480/api/v1/auth/oidc/keycloak/callback'
const environment = { OIDC_SECRET: CLIENT.secret }

describePostgres('a login at a provider of identities', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let api: Api
  let provider: RunningProvider
  const closing: (() => unknown)[] = []
  beforeEach(async () => {
    world = await build({})
    provider = await runProvider(callback)
    closing.push(provider.close)
    await addBinding(world.store, { role: 'operator', to: { group: 'keycloak/ops' } }, { by: 'test' })
    api = start(provider.issuer)
  }, 120_000)
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()))
  })

  const keycloak = (issuer: string, more: Partial<OidcOptions> = {}): OidcOptions => ({
    name: 'keycloak',
    issuer,
    clientId: CLIENT.id,
    clientSecret: { env: 'OIDC_SECRET' },
    ...more,
  })
  const start = (issuer: string, more: Partial<OidcOptions> = {}, http: HttpOptions = {}): Api => {
    const checked = checkHttp({
      oidc: [keycloak(issuer, more), keycloak(issuer, { name: 'other' })],
      ...http,
    })
    return apiOf(world, {
      authenticate: byCredentials(world.store, checked),
      config: { ...world.config, http: checked },
      environment,
    })
  }
  const ask = (url: string, headers: Record<string, string> = {}) => api.ask({ url, headers })
  type Answer = Awaited<ReturnType<typeof ask>>
  const cookiesIn = ({ headers }: Answer) =>
    new Map(
      [headers['set-cookie'] ?? []].flat().map((set) => set.split(';')[0]?.split('=') as [string, string]),
    )
  const begin = async (query = '') => {
    const answer = await ask(below(`/auth/oidc/keycloak/start${query}`))
    return {
      answer,
      location: String(answer.headers.location),
      login: cookiesIn(answer).get('orchestra-login') ?? '',
    }
  }
  const finish = ({ pathname, search }: URL, login: string, more: Record<string, string> = {}) =>
    ask(`${pathname}${search}`, { cookie: `orchestra-login=${login}`, ...more })
  const enter = async (person: string, more: Record<string, string> = {}, query = '') => {
    const { location, login } = await begin(query)
    return finish(await provider.visit(location, person), login, more)
  }
  const me = async (answer: Answer) =>
    (await ask(below('/me'), { cookie: `orchestra=${cookiesIn(answer).get('orchestra')}` })).json()
  const told = (answer: Answer) => [answer.statusCode, answer.json().code, answer.headers['set-cookie']]

  it('lets in whom the provider names, as what his groups were given, and leads on', async () => {
    provider.people.set('7', { preferred_username: 'ana', groups: ['ops', 'dev', 7, ''] })
    const begun = await begin('?returnTo=/logs/1%3Fq%3Da%23L3')
    expect([begun.answer.statusCode, begun.answer.headers['cache-control']]).toEqual([302, 'no-store'])
    expect(begun.answer.headers['set-cookie']).toMatch(
      /^orchestra-login=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/i,
    )
    const asked = new URL(begun.location).searchParams
    expect(Object.fromEntries(asked)).toMatchObject({
      redirect_uri: callback,
      code_challenge_method: 'S256',
      scope: 'openid profile',
      response_type: 'code',
    })
    expect(begun.location).not.toContain(begun.login)
    const answer = await finish(await provider.visit(begun.location, '7'), begun.login)
    expect([answer.statusCode, answer.headers.location]).toEqual([302, '/logs/1?q=a#L3'])
    expect(cookiesIn(answer).get('orchestra-login')).toBe('')
    expect(await me(answer)).toMatchObject({ kind: 'user', name: 'ana' })
    expect((await me(answer)).permissions).toContain('retry')
    const [row] = await world.store.query('select issuer, subject, groups from orchestra.account')
    expect(row).toEqual({ issuer: provider.issuer, subject: '7', groups: ['keycloak/ops', 'keycloak/dev'] })
    provider.people.set('7', { preferred_username: 'anna', groups: 'ops' })
    expect((await me(await enter('7'))).name).toBe('ana')
  })

  it('gives a session that nobody could have put there, and ends the one before', async () => {
    provider.people.set('7', { preferred_username: 'ana', groups: ['ops'] })
    await addUser(world.store, { name: 'bo', role: 'viewer' }, { by: 'test' })
    const { secret } = await makeLink(world.store, { user: 'bo' }, { by: 'test' })
    const before = await api.ask({ method: 'POST', url: below('/session/link'), body: { link: secret } })
    const former = cookiesIn(before).get('orchestra')
    expect((await me(before)).name).toBe('bo')
    const { location, login } = await begin()
    const answer = await finish(await provider.visit(location, '7'), login, {
      cookie: `orchestra-login=${login}; orchestra=${former}`,
    })
    expect(cookiesIn(answer).get('orchestra')).not.toBe(former)
    expect((await me(answer)).name).toBe('ana')
    expect((await me(before)).code).toBe('ORC_SESSION_ENDED')
  })

  it('says why it lets somebody not in, who has from then on no more than the provider says', async () => {
    provider.people.set('7', { preferred_username: 'ana', groups: ['ops'] })
    const inside = await enter('7')
    provider.people.set('7', { preferred_username: 'ana', groups: ['<b>none</b>'] })
    const refused = await enter('7')
    expect(told(refused)).toEqual([403, 'ORC_LOGIN_UNMAPPED', expect.stringMatching(/^orchestra-login=;/)])
    expect(refused.json().detail).toContain('ana is known, and in keycloak/<b>none</b>')
    expect((await me(inside)).permissions).toEqual([])
    const page = await enter('7', { accept: 'text/html,*/*;q=0.8' })
    expect([page.statusCode, page.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8'])
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(page.body).toContain('keycloak/&lt;b&gt;none&lt;/b&gt;')
    provider.people.set('8', { preferred_username: 'kim' })
    expect((await enter('8')).json().detail).toContain('kim is known, and in no group')
    expect(await world.store.query('select name from orchestra.account')).toEqual([{ name: 'ana' }])
    const refusals = await world.store.query(
      `select target from orchestra.audit where detail ->> 'failed' = 'ORC_LOGIN_UNMAPPED'`,
    )
    expect(refusals).toEqual([{ target: 'ana' }, { target: 'ana' }])
    provider.people.set('7', { preferred_username: 'ana', groups: ['ops'] })
    await setUser(world.store, 'ana', { disabled: true }, { by: 'test' })
    expect(told(await enter('7'))).toEqual([401, 'ORC_LOGIN_REFUSED', expect.any(String)])
  })

  it('is finished once, in time, by the browser that began it', async () => {
    provider.people.set('7', { preferred_username: 'ana', groups: ['ops'] })
    const stale = [400, 'ORC_LOGIN_STALE', undefined]
    const { location, login } = await begin()
    const back = await provider.visit(location, '7')
    expect(told(await ask(`${back.pathname}${back.search}`))).toEqual(stale)
    expect(told(await finish(back, (await begin()).login))).toEqual(stale)
    expect(told(await finish(back, 'a'.repeat(43)))).toEqual(stale)
    const other = new URL(back.href.replace('keycloak', 'other'))
    expect(told(await finish(other, login))).toEqual(stale)
    const forged = new URL(back)
    forged.searchParams.set('state', 'made-up')
    expect(told(await finish(forged, login))).toEqual(stale)
    expect((await finish(back, login)).statusCode).toBe(302)
    expect(told(await finish(back, login))).toEqual(stale)
    const late = await begin()
    const lateBack = await provider.visit(late.location, '7')
    await world.store.query(`update orchestra.begun_login set expires_at = now() - interval '1 second'`)
    expect(told(await finish(lateBack, late.login))).toEqual(stale)
    const again = await begin()
    const used = await provider.visit(again.location, '7')
    used.searchParams.set('code', back.searchParams.get('code') ?? '')
    expect(told(await finish(used, again.login)).slice(0, 2)).toEqual([401, 'ORC_LOGIN_DECLINED'])
    const kept = JSON.stringify(await world.store.query('select * from orchestra.begun_login'))
    expect(kept).not.toContain(again.login)
  })

  it('leads nowhere but to a path of this server, and tells nothing that an address says', async () => {
    for (const returnTo of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      'javascript:alert(1)',
      '/%0d%0aset-cookie:x',
    ]) {
      const { answer, login } = await begin(
        `?returnTo=${returnTo.includes('%') ? returnTo : encodeURIComponent(returnTo)}`,
      )
      expect([returnTo, answer.statusCode, login]).toEqual([returnTo, 400, ''])
    }
    const unknown = await ask(below('/auth/oidc/nobody/start'))
    expect(told(unknown)).toEqual([404, 'ORC_PROVIDER_UNKNOWN', undefined])
    for (const [error, shown] of [
      ['access_denied', 'access_denied'],
      ['<script>alert(1)</script>', 'no code of OAuth'],
    ] as const) {
      const { location, login } = await begin()
      const state = new URL(location).searchParams.get('state') ?? ''
      const query = new URLSearchParams({
        state,
        error,
        error_description: 'call 555-0100',
        iss: provider.issuer,
      })
      const answer = await finish(new URL(`${callback}?${query}`), login, { accept: 'text/html' })
      expect([answer.statusCode, cookiesIn(answer).get('orchestra')]).toEqual([401, undefined])
      expect(answer.body).toContain(shown)
      expect(answer.body).not.toMatch(/<script>|555/)
    }
    expect((await ask('/')).body).toContain('&quot;providers&quot;:[&quot;keycloak&quot;')
  })

  it('believes nothing that the issuer has not signed for this login', { timeout: 120_000 }, async () => {
    const liar = await runLiar()
    closing.push(liar.close)
    api = start(liar.issuer)
    const attempt = async (said: Said) => {
      const { location, login } = await begin()
      const { searchParams } = new URL(location)
      liar.say({ ...said, nonce: searchParams.get('nonce') ?? '' })
      const query = new URLSearchParams({ code: 'any', state: searchParams.get('state') ?? '' })
      return finish(new URL(`${callback}?${query}`), login)
    }
    const changed = (claims: Record<string, unknown>): Said => ({
      claims: (right) => ({ ...right, ...claims }),
    })
    const past = Math.floor(Date.now() / 1_000) - 3_600
    const lies: Readonly<Record<string, Said>> = {
      issuer: changed({ iss: 'https://evil.example' }),
      audience: changed({ aud: 'another' }),
      party: changed({ aud: [CLIENT.id, 'another'], azp: 'another' }),
      nonce: changed({ nonce: 'another' }),
      'no nonce': changed({ nonce: undefined }),
      expired: changed({ exp: past }),
      early: changed({ nbf: past + 7_200 }),
      'no subject': changed({ sub: undefined }),
      'foreign key': { key: foreignKey },
      unsigned: { algorithm: 'none' },
      'no identity': { body: '{"access_token":"x","token_type":"Bearer"}' },
      'somebody else': {
        claims: ({ groups: _, ...right }) => right,
        userinfo: { sub: 'bo', groups: ['ops'] },
      },
    }
    for (const [lie, said] of Object.entries(lies)) {
      const answer = await attempt(said)
      expect([lie, answer.statusCode, answer.json().code, cookiesIn(answer).get('orchestra')]).toEqual([
        lie,
        401,
        'ORC_LOGIN_DECLINED',
        undefined,
      ])
    }
    for (const body of ['not json', '[]', '{}'])
      expect([401, 502]).toContain((await attempt({ body })).statusCode)
    expect(await world.store.query('select from orchestra.account')).toEqual([])
    expect((await attempt({})).statusCode).toBe(302)
    expect(api.troubles).toEqual([])
  })

  it('waits for no provider that cannot be asked, and asks again', async () => {
    const { issuer } = provider
    const providers = (options: Partial<OidcOptions>, where = issuer) =>
      new Providers(checkHttp({ oidc: [keycloak(where, options)] }).oidc, environment)
    expect(await providers({}).unreachable()).toEqual([])
    for (const [options, where, why] of [
      [{}, 'http://127.0.0.1:1', 'bad port'],
      [{}, `${issuer}/elsewhere`, 'unexpected'],
      [{ clientSecret: { env: 'NO_SUCH' } }, issuer, 'the variable NO_SUCH'],
      [{ clientSecret: { file: '/no/such' } }, issuer, 'ENOENT'],
    ] as const) {
      const [one] = await providers(options, where).unreachable()
      expect(one).toMatchObject({ provider: 'keycloak', error: { code: 'ORC_PROVIDER_FAILED' } })
      expect(one?.error.message).toContain(why)
      expect(one?.error.message).not.toContain(CLIENT.secret)
    }
    api = start('http://127.0.0.1:1')
    expect(told((await begin()).answer)).toEqual([502, 'ORC_PROVIDER_FAILED', undefined])
    expect((await ask(below('/health'))).statusCode).toBe(200)
    api = start(issuer, { clientSecret: { env: 'LATER' } })
    expect((await begin()).answer.statusCode).toBe(502)
    Object.assign(environment, { LATER: CLIENT.secret })
    expect((await begin()).answer.statusCode).toBe(302)
  })

  it('is set up without a secret in the configuration, and of a provider that nobody can pretend to be', () => {
    const right = keycloak('https://id.example')
    const wrong: [object, string][] = [
      [{ issuer: 'http://id.example' }, 'issuer'],
      [{ issuer: 'https://id.example/?x' }, 'issuer'],
      [{ issuer: 'https://ana@id.example' }, 'issuer'],
      [{ name: 'Key/cloak' }, 'name'],
      [{ clientId: '' }, 'clientId'],
      [{ clientSecret: 'in clear' }, 'clientSecret'],
      [{ clientSecret: { env: 'A', file: '/b' } }, 'clientSecret'],
      [{ scopes: ['profile'] }, 'openid'],
      [{ claims: { groups: [] } }, 'claim'],
      [{ secret: 'x' }, 'option'],
    ]
    for (const [change, told] of wrong)
      expect(() => checkHttp({ oidc: [{ ...right, ...change } as OidcOptions] })).toThrow(told)
    expect(() => checkHttp({ oidc: [right, right] })).toThrow('two providers')
    const nested = checkHttp({ oidc: [{ ...right, claims: { groups: ['realm_access', 'roles'] } }] })
    expect(nested.oidc[0]?.claims).toEqual({
      name: ['preferred_username'],
      groups: ['realm_access', 'roles'],
    })
  })
})
