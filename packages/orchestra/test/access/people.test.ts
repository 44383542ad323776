import { randomBytes, scryptSync } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { countAttempt } from '../../src/access/attempts.ts'
import {
  type Actor,
  addBinding,
  addRole,
  addToken,
  addUser,
  allows,
  authenticateSession,
  authenticateToken,
  closeSession,
  enterByIdentity,
  enterByLink,
  firstLink,
  type Identity,
  listBindings,
  listRoles,
  listSessions,
  listTokens,
  listUsers,
  login,
  makeLink,
  type Permission,
  permissions,
  removeBinding,
  removeRole,
  removeUser,
  revokeSession,
  revokeToken,
  scopesOf,
  setRole,
  setUser,
} from '../../src/access/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'

const terminal: Actor = { by: 'root' }
const password = 'correct horse battery staple'
const address = '192.0.2.7'

/** What is kept says how slow it is to guess; a test has no time for that. */
function quickHash(): string {
  const salt = randomBytes(16)
  const hash = scryptSync(password, salt, 32, { N: 2 ** 4, r: 8, p: 1 })
  return ['scrypt', 4, 8, 1, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** A clock that goes on when a test says so. */
class Hands {
  #at = Date.parse('2026-04-12T03:00:00Z')
  readonly read = () => new Date(this.#at)
  hours(count: number): void {
    this.#at += count * 3_600_000
  }
}

const fails = (code: string) => expect.objectContaining({ code })
const actorOf = ({ name, grants, accountId }: Identity): Actor => ({ by: name, grants, accountId })
const may = ({ grants }: Identity): Permission[] =>
  permissions.filter((one) => scopesOf(grants, one).length > 0)

describeStores('people and programs', (open) => {
  let store: Store
  let time: Hands
  beforeEach(async () => {
    store = await open()
    time = new Hands()
  }, 120_000)

  const enter = (name: string, given = password, from = address) =>
    login(store, { name, password: given, address: from, agent: 'Firefox' }, time.read)
  const who = (secret: string) => authenticateSession(store, { secret }, time.read)
  const program = (token: string, from = address) =>
    authenticateToken(store, { token, address: from }, time.read)
  const user = async (name: string, role?: string, more: object = {}) => {
    await addUser(store, { name, role, ...more }, terminal, time.read)
    await store.query('update orchestra.account set password = $2 where name = $1', [name, quickHash()])
  }
  const asUser = async (name: string): Promise<Actor> => actorOf(await who((await enter(name)).secret))
  /** Everything that is kept, as somebody has it who has a backup. */
  const kept = async () => {
    const tables = [
      'account',
      'token',
      'session',
      'login_link',
      'login_attempt',
      'begun_login',
      'audit',
      'event',
    ]
    const all = await Promise.all(tables.map((table) => store.query(`select * from orchestra.${table}`)))
    return JSON.stringify(all, (_, value) =>
      value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
    )
  }

  describe('a session', () => {
    beforeEach(() => user('ana', 'operator'))

    test('begins with name and password, and nothing of either secret is kept', async () => {
      await removeUser(store, 'ana', terminal)
      await addUser(store, { name: 'ana', password, role: 'operator' }, terminal, time.read)
      const { secret, session } = await enter('ana')
      expect(session).toMatchObject({ user: 'ana', address, agent: 'Firefox' })
      expect(await who(secret)).toMatchObject({ kind: 'user', name: 'ana' })
      const all = await kept()
      expect(all).not.toContain(secret)
      expect(all).not.toContain(password)
      expect(await listUsers(store)).toMatchObject([{ name: 'ana', login: 'password', roles: ['operator'] }])
    })

    test('is refused with the same words, whatever is wrong', async () => {
      await user('bo', 'viewer')
      await setUser(store, 'bo', { disabled: true }, terminal)
      await addUser(store, { name: 'cy' }, terminal)
      const wrong: [string, string][] = [
        ['ana', 'wrong'],
        ['nobody', password],
        ['bo', password],
        ['cy', ''],
        ['a\u0000b', password],
        [`' or true --`, password],
        ['x'.repeat(10_000), password],
        ['ana', 'x'.repeat(10_000)],
      ]
      const said = new Set<string>()
      for (const [name, given] of wrong) {
        const error = await enter(name, given).catch((thrown: unknown) => thrown)
        const { code, message, hint } = error as { code: string; message: string; hint: string }
        said.add(`${code} ${message} ${hint}`)
      }
      expect([...said]).toEqual([expect.stringMatching(/^ORC_LOGIN_REFUSED /)])
      expect(await kept()).not.toContain('nobody')
    })

    test('ends after twelve hours without a request, or after seven days', async () => {
      const idle = await enter('ana')
      time.hours(11.9)
      expect(await who(idle.secret)).toMatchObject({ name: 'ana' })
      time.hours(11.9)
      expect(await who(idle.secret)).toMatchObject({ name: 'ana' })
      for (let half = 2; half * 11.9 + 11.9 < 7 * 24; half++) {
        time.hours(11.9)
        await who(idle.secret)
      }
      time.hours(11.9)
      await expect(who(idle.secret)).rejects.toEqual(fails('ORC_SESSION_ENDED'))
      const { secret } = await enter('ana')
      time.hours(12)
      await expect(who(secret)).rejects.toEqual(fails('ORC_SESSION_ENDED'))
      expect(await listSessions(store, {}, time.read)).toEqual([])
    })

    test('is another one at every login: what somebody had before ends', async () => {
      const before = await enter('ana')
      const after = await login(store, { name: 'ana', password, address, former: before.secret }, time.read)
      expect(after.secret).not.toBe(before.secret)
      await expect(who(before.secret)).rejects.toEqual(fails('ORC_SESSION_ENDED'))
      expect(await listSessions(store, {}, time.read)).toHaveLength(1)
      await expect(who('')).rejects.toEqual(fails('ORC_SESSION_ENDED'))
      await expect(who(`${after.secret}x`)).rejects.toEqual(fails('ORC_SESSION_ENDED'))
    })

    test('ends when somebody leaves, is logged out, disabled, removed or given another password', async () => {
      const ends: [string, (secret: string, id: number) => Promise<unknown>][] = [
        ['leaves', (secret) => closeSession(store, { secret, address })],
        ['revoked', (_, id) => revokeSession(store, id, terminal)],
        ['password', () => setUser(store, 'ana', { password }, terminal)],
        ['disabled', () => setUser(store, 'ana', { disabled: true }, terminal)],
        ['removed', () => removeUser(store, 'ana', terminal)],
      ]
      for (const [how, end] of ends) {
        await setUser(store, 'ana', { disabled: false }, terminal)
        const { secret, session } = await enter('ana')
        await end(secret, session.id)
        await expect(who(secret), how).rejects.toEqual(fails('ORC_SESSION_ENDED'))
      }
      await expect(revokeSession(store, 77, terminal)).rejects.toEqual(fails('ORC_SESSION_UNKNOWN'))
    })

    test('is kept from whoever guesses: by name', async () => {
      for (let tries = 0; tries < 10; tries++)
        await expect(enter('ana', 'wrong', `192.0.2.${tries}`)).rejects.toEqual(fails('ORC_LOGIN_REFUSED'))
      await expect(enter('ana', password, '198.51.100.1')).rejects.toEqual(fails('ORC_LOGIN_LIMITED'))
      time.hours(0.26)
      expect(await enter('ana')).toMatchObject({ session: { user: 'ana' } })
      expect(await enter('ana')).toMatchObject({ session: { user: 'ana' } })
    })

    test('is kept from whoever guesses: many at once, by an address, which keeps nobody else out', {
      timeout: 120_000,
    }, async () => {
      const from = (host: number) => `2001:db8:1:2::${host.toString(16)}`
      for (let at = 0; at < 45; at++)
        await countAttempt(store, { name: `other${at}`, address: from(at) }, time.read)
      const tries = Array.from({ length: 10 }, (_, at) =>
        enter(`name${at}`, 'wrong', from(at)).catch((error: { code: string }) => error.code),
      )
      const codes = await Promise.all(tries)
      expect(codes.filter((code) => code === 'ORC_LOGIN_LIMITED')).toHaveLength(5)
      await expect(enter('ana', password, from(99))).rejects.toEqual(fails('ORC_LOGIN_LIMITED'))
      expect(await enter('ana')).toMatchObject({ session: { user: 'ana' } })
    })

    test('is told of by the audit, with the address', async () => {
      await enter('ana')
      await enter('ana', 'wrong').catch(() => undefined)
      const entries = await store.query(
        `select actor, action, target, detail from orchestra.audit where action = 'session.open' order by id`,
      )
      expect(entries).toMatchObject([
        { actor: 'ana', target: 'ana', detail: { address } },
        { actor: 'ana', target: 'ana', detail: { address, failed: 'ORC_LOGIN_REFUSED' } },
      ])
    })
  })

  describe('a link', () => {
    test('lets the first admin in once, and is made only until one has come in', async () => {
      const unused = await firstLink(store, terminal, time.read)
      const link = await firstLink(store, terminal, time.read)
      expect(link).toMatchObject({ user: 'admin' })
      const secret = link?.secret ?? ''
      expect(await kept()).not.toContain(secret)
      await expect(enterByLink(store, { secret: unused?.secret ?? '', address }, time.read)).rejects.toEqual(
        fails('ORC_LOGIN_REFUSED'),
      )
      const { secret: session } = await enterByLink(store, { secret, address }, time.read)
      expect(may(await who(session))).toEqual(permissions)
      await expect(enterByLink(store, { secret, address }, time.read)).rejects.toEqual(
        fails('ORC_LOGIN_REFUSED'),
      )
      expect(await firstLink(store, terminal, time.read)).toBeUndefined()
    })

    test('is good once where many follow it at once', async () => {
      const { secret } = await makeLink(store, {}, terminal, time.read)
      const all = await Promise.allSettled(
        Array.from({ length: 8 }, () => enterByLink(store, { secret, address }, time.read)),
      )
      expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })

    test('is good for fifteen minutes, until another is made, and for nobody who is disabled', async () => {
      await user('ana', 'viewer')
      const late = await makeLink(store, { user: 'ana' }, terminal, time.read)
      time.hours(0.25)
      const early = await makeLink(store, { user: 'ana' }, terminal, time.read)
      const last = await makeLink(store, { user: 'ana' }, terminal, time.read)
      for (const { secret } of [late, early, { secret: '' }])
        await expect(enterByLink(store, { secret, address }, time.read)).rejects.toEqual(
          fails('ORC_LOGIN_REFUSED'),
        )
      await store.query(`update orchestra.account set disabled_at = now()`)
      await expect(enterByLink(store, { secret: last.secret, address }, time.read)).rejects.toEqual(
        fails('ORC_LOGIN_REFUSED'),
      )
      await expect(makeLink(store, { user: 'nobody' }, terminal)).rejects.toEqual(fails('ORC_USER_UNKNOWN'))
    })
  })

  describe('a token', () => {
    test('is told once, and known by its hash', async () => {
      const { token, ...made } = await addToken(
        store,
        { name: 'ci', role: 'operator', days: 30, servers: ['web1'] },
        terminal,
        time.read,
      )
      expect(made).toMatchObject({ name: 'ci', user: null, roles: ['operator'], state: 'valid' })
      expect(await kept()).not.toContain(token)
      const identity = await program(token)
      expect(identity).toMatchObject({ kind: 'token', name: 'token:ci', accountId: null })
      const retry = scopesOf(identity.grants, 'retry')
      expect(allows(retry, { server: 'web1', backend: 'a', model: 'b', action: 'save' })).toBe(true)
      expect(allows(retry, { server: 'web2', backend: 'a', model: 'b', action: 'save' })).toBe(false)
      expect(await listTokens(store, {}, time.read)).toMatchObject([
        { name: 'ci', lastUsedAt: time.read().toISOString() },
      ])
      const again = { name: 'ci', role: 'viewer', days: 1 }
      await expect(addToken(store, again, terminal, time.read)).rejects.toEqual(fails('ORC_TOKEN_EXISTS'))
    })

    test('is taken from its networks alone, until it expires or is revoked', async () => {
      const given = { name: 'ci', role: 'viewer', days: 1_000, networks: ['10.0.0.0/8', '2001:db8::/32'] }
      const { token, expiresAt } = await addToken(store, given, terminal, time.read)
      expect(Date.parse(expiresAt) - time.read().getTime()).toBe(365 * 86_400_000)
      expect(await program(token, '::ffff:10.1.2.3')).toMatchObject({ name: 'token:ci' })
      const elsewhere = await program(token, '192.0.2.1').catch((error: unknown) => error)
      const unknown = await program(`orc_${'0'.repeat(49)}`).catch((error: unknown) => error)
      expect([elsewhere, unknown]).toEqual([fails('ORC_TOKEN_INVALID'), fails('ORC_TOKEN_INVALID')])
      expect((elsewhere as Error).message).toBe((unknown as Error).message)
      await revokeToken(store, 'ci', terminal, time.read)
      await expect(program(token, '10.1.2.3')).rejects.toEqual(fails('ORC_TOKEN_INVALID'))
      await expect(revokeToken(store, 'ci', terminal)).rejects.toEqual(fails('ORC_TOKEN_UNKNOWN'))
      const next = await addToken(store, { ...given, days: 1 }, terminal, time.read)
      time.hours(24)
      await expect(program(next.token, '10.1.2.3')).rejects.toThrow('expired')
      expect(await listTokens(store, {}, time.read)).toEqual([])
      expect(await listTokens(store, { all: true }, time.read)).toMatchObject([
        { state: 'revoked' },
        { state: 'expired' },
      ])
      await addToken(store, { ...given, days: 1 }, terminal, time.read)
    })

    test('never may more than whom it belongs to, from the moment on that he may less', async () => {
      await user('ana', 'operator', { servers: ['web1', 'web2'] })
      const own = { name: 'mine', role: 'operator', days: 1, servers: ['web1', 'web3'] }
      const { token } = await addToken(store, { ...own, user: 'ana' }, terminal, time.read)
      const [scope] = scopesOf((await program(token)).grants, 'retry')
      expect(scope).toMatchObject({ servers: ['web1'] })
      const [binding] = await listBindings(store, { user: 'ana' })
      await removeBinding(store, binding?.id ?? 0, terminal)
      expect(may(await program(token))).toEqual([])
      await setUser(store, 'ana', { disabled: true }, terminal)
      await expect(program(token)).rejects.toEqual(fails('ORC_TOKEN_INVALID'))
    })
  })

  describe('what somebody has', () => {
    test('is what his roles hold, and what his groups were given at the last login', async () => {
      await addBinding(store, { role: 'viewer', to: { group: 'kc/ops' }, backends: ['nginx'] }, terminal)
      const identity = { issuer: 'https://id', subject: '7', name: 'admin', groups: ['kc/ops'] }
      await user('admin', 'admin')
      const entered = await enterByIdentity(store, { identity, address }, time.read)
      expect(entered.session.user).toBe('admin (2)')
      expect(may(await who(entered.secret))).toEqual([
        'status.read',
        'object.data',
        'diff.read',
        'output.read',
      ])
      const renamed = { ...identity, name: 'other', groups: ['kc/none'] }
      await expect(enterByIdentity(store, { identity: renamed, address }, time.read)).rejects.toEqual(
        fails('ORC_LOGIN_UNMAPPED'),
      )
      const stranger = { ...identity, subject: '8', groups: [] }
      await expect(enterByIdentity(store, { identity: stranger, address }, time.read)).rejects.toEqual(
        fails('ORC_LOGIN_UNMAPPED'),
      )
      expect((await listUsers(store)).map(({ name }) => name)).toEqual(['admin', 'admin (2)'])
    })

    test('is of one account where many come in by one identity for the first time at once', async () => {
      await addBinding(store, { role: 'viewer', to: { group: 'kc/ops' } }, terminal)
      const identity = { issuer: 'https://id', subject: '7', name: 'token:x\n', groups: ['kc/ops'] }
      await Promise.all(
        Array.from({ length: 6 }, () => enterByIdentity(store, { identity, address }, time.read)),
      )
      expect((await listUsers(store)).map(({ name }) => name)).toEqual(['user token x'])
    })

    test('he may give, and no more, by whatever way', { timeout: 120_000 }, async () => {
      await addRole(store, { name: 'keeper', permissions: ['user', 'token', 'retry'] }, terminal)
      await user('root', 'admin')
      await user('kim', 'keeper')
      await user('lee', 'keeper', { servers: ['web1'] })
      const kim = await asUser('kim')
      const lee = await asUser('lee')
      const forbidden = fails('ORC_FORBIDDEN')
      const given: (() => Promise<unknown>)[] = [
        () => addBinding(store, { role: 'admin', to: { user: 'kim' } }, kim),
        () => addBinding(store, { role: 'operator', to: { user: 'kim' } }, kim),
        () => addBinding(store, { role: 'keeper', to: { user: 'lee' } }, lee),
        () => addBinding(store, { role: 'keeper', to: { group: 'x' }, servers: ['web1', 'web2'] }, lee),
        () => addUser(store, { name: 'new', role: 'admin' }, kim),
        () => addToken(store, { name: 't', role: 'admin', days: 1 }, kim),
        () => addToken(store, { name: 't', role: 'keeper', user: 'root', days: 1 }, kim),
        () => addRole(store, { name: 'wide', permissions: ['server'] }, kim),
        () => setRole(store, { name: 'keeper', permissions: ['user', 'server'] }, kim),
        () => setRole(store, { name: 'keeper', permissions: ['retry'] }, lee),
        () => setUser(store, 'root', { password: 'another long password' }, kim),
        () => makeLink(store, { user: 'root' }, kim),
        () => removeUser(store, 'root', kim),
        () => setUser(store, 'kim', { password: 'another long password' }, lee),
      ]
      for (const give of given) await expect(give(), String(give)).rejects.toEqual(forbidden)
      await addBinding(store, { role: 'keeper', to: { user: 'lee' }, servers: ['web2'] }, kim)
      await addBinding(store, { role: 'keeper', to: { group: 'x' }, servers: ['web1'] }, lee)
      await setUser(store, 'kim', { password: 'another long password' }, kim)
      const { user: owner } = await addToken(store, { name: 'own', role: 'keeper', days: 1 }, kim)
      expect(owner).toBe('kim')
    })

    test('leaves somebody who may do everything, also when two last ones go at once', async () => {
      const last = fails('ORC_LAST_ADMIN')
      await user('ana', 'admin')
      await user('bo', 'admin', { servers: ['web1'] })
      const [binding] = await listBindings(store, { user: 'ana' })
      await expect(removeUser(store, 'ana', terminal)).rejects.toEqual(last)
      await expect(setUser(store, 'ana', { disabled: true }, terminal)).rejects.toEqual(last)
      await expect(removeBinding(store, binding?.id ?? 0, terminal)).rejects.toEqual(last)
      expect(await listUsers(store)).toHaveLength(2)
      await addBinding(store, { role: 'admin', to: { user: 'bo' } }, terminal)
      const both = await Promise.allSettled(['ana', 'bo'].map((name) => removeUser(store, name, terminal)))
      expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    })
  })

  test('roles are defined, changed for all who have them, and removed when nobody has them', async () => {
    await addRole(store, { name: 'retrier', permissions: ['status.read', 'retry'] }, terminal)
    await user('ana', 'retrier')
    await setRole(store, { name: 'retrier', permissions: ['cancel'] }, terminal)
    expect(may(await who((await enter('ana')).secret))).toEqual(['cancel'])
    const standard = ['viewer', 'operator', 'approver', 'admin', 'auditor']
    expect((await listRoles(store)).map(({ name }) => name)).toEqual([...standard, 'retrier'])
    await expect(removeRole(store, 'retrier', terminal)).rejects.toEqual(fails('ORC_ROLE_IN_USE'))
    await removeUser(store, 'ana', terminal)
    await removeRole(store, 'retrier', terminal)
    await expect(removeRole(store, 'retrier', terminal)).rejects.toEqual(fails('ORC_ROLE_UNKNOWN'))
    await expect(user('bo', 'retrier')).rejects.toEqual(fails('ORC_ROLE_UNKNOWN'))
    await expect(user('bo', '__proto__')).rejects.toEqual(fails('ORC_ROLE_UNKNOWN'))
    for (const name of standard) {
      const role = { name, permissions: ['audit' as const] }
      await expect(addRole(store, role, terminal)).rejects.toEqual(fails('ORC_ROLE_EXISTS'))
      await expect(setRole(store, role, terminal)).rejects.toEqual(fails('ORC_ROLE_IN_USE'))
    }
  })

  test.each([`o'brien`, '%', '_', 'Robert"); drop table students;--', 'ünï ☃ 😀', '../../etc'])(
    'a hostile name is a name: %s',
    async (name) => {
      await user(name, 'viewer', { servers: [name], backends: [name] })
      await expect(user(name)).rejects.toEqual(fails('ORC_USER_EXISTS'))
      const { secret } = await enter(name)
      expect(scopesOf((await who(secret)).grants, 'status.read')).toMatchObject([{ servers: [name] }])
      expect(await listBindings(store, { user: name })).toHaveLength(1)
      await removeUser(store, name, terminal)
      expect(await listUsers(store)).toEqual([])
    },
  )

  test.each(['token:ci', ' ana', 'ana ', 'Link:x'])('nobody is called %j', async (name) => {
    await expect(user(name)).rejects.toEqual(fails('ORC_INPUT_INVALID'))
  })
})
