import { readFileSync } from 'node:fs'
import { afterEach, expect, it, vi } from 'vitest'
import { faultsIn } from '../../src/customers/faults.ts'
import { listen } from '../../src/http/listen.ts'
import { Orchestra } from '../../src/orchestra.ts'
import { askerOf } from '../operate/world.ts'
import { describePostgres, testKey } from '../support/stores.ts'
import { Site, useWorlds, type World } from '../support/world.ts'
import { keylessStore, useApis } from './api.ts'

const CHANGES = '/embed/v1/changes'
const element = new URL('../../src/http/orchestra-changes.browser.js', import.meta.url)

describePostgres('what customers of the application see', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  const closing: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    vi.useRealTimers()
    for (const close of closing.splice(0).toReversed()) await close()
  })

  const orchestraOf = async ({ store, config, directory }: World): Promise<Orchestra> => {
    const orchestra = await Orchestra.open(config, {
      databaseUrl: store.databaseUrl,
      key: testKey,
      directory,
    })
    closing.push(() => orchestra.close())
    return orchestra
  }

  /** An API without the key that knows nobody, and the application that has the key. */
  const opened = async (options: Parameters<typeof build>[0] = {}) => {
    const world = await build(options)
    const orchestra = await orchestraOf(world)
    const store = await keylessStore(world)
    closing.push(() => store.close())
    const api = apiOf(world, { store, holds: 'store', authenticate: async () => undefined })
    const ask = async (token: string) => {
      const { statusCode, body } = await api.ask({
        url: CHANGES,
        headers: { authorization: `Bearer ${token}` },
      })
      return { status: statusCode, body: body === '' ? null : JSON.parse(body), text: body }
    }
    return { world, orchestra, api, ask }
  }

  it('is how each of their objects is, in their words, and nothing else', async () => {
    const { world, orchestra, api, ask } = await opened({ wording: { es: { done: 'Ya está' } } })
    const token = await orchestra.changes.token({
      objects: ['site:99', 'site:1', { object: 'site:2', label: 'the <b>second' }, 'site:3'],
      subject: 'customer 7',
      locale: 'es-AR',
    })
    const states = async () => {
      const { body } = await ask(token)
      return body.items.map(({ object, state }: Record<string, string>) => [object, state])
    }
    const { store } = world
    await store.query(`insert into site (id, domain, body) values (1, 'a.org', 'a'), (2, 'b.org', 'fail'),
      (3, '', 'c'), (4, 'd.org', 'of somebody else')`)
    expect(await states()).toEqual([
      ['site:1', 'saved'],
      ['site:2', 'saved'],
      ['site:3', 'saved'],
    ])
    await world.collect()
    expect(await states()).toEqual([
      ['site:1', 'setting-up'],
      ['site:2', 'setting-up'],
      ['site:3', 'needs-you'],
    ])
    await world.work()
    await vi.waitFor(
      async () =>
        expect(await states()).toEqual([
          ['site:1', 'done'],
          ['site:2', 'delayed'],
          ['site:3', 'needs-you'],
        ]),
      60_000,
    )
    await world.stopWorkers()
    const { body, text } = await ask(token)
    expect(body).toMatchObject({
      count: 2,
      items: [
        { label: 'site:1', text: 'Ya está', since: expect.stringMatching(/^\d{4}-.*Z$/) },
        { label: 'the <b>second', text: expect.stringContaining('Tarda más') },
        { label: 'site:3', text: expect.stringMatching(/^Revisa los datos introducidos: domain: /) },
      ],
    })
    for (const item of body.items)
      expect(Object.keys(item)).toEqual(['object', 'label', 'state', 'since', 'text'])
    expect(text).not.toMatch(/here|no such thing|exit|sites\/|script|files|customer 7|somebody|site:4/)
    await store.query('delete from site where id <> 2')
    expect(await states()).toEqual([
      ['site:1', 'removing'],
      ['site:2', 'delayed'],
      ['site:3', 'removing'],
    ])
    await world.collect()
    expect(await states()).toEqual([
      ['site:1', 'removing'],
      ['site:2', 'delayed'],
    ])
    expect(api.troubles).toEqual([])
  })

  it('takes a token that the application signed, for 15 minutes', async () => {
    const { world, orchestra, api, ask } = await opened()
    const token = await orchestra.changes.token({ objects: ['site:1'], subject: 'c' })
    expect(await ask(token)).toMatchObject({ status: 200, body: { count: 0, items: [] } })
    const [text = '', signature = ''] = token.split('.')
    const claim = JSON.parse(Buffer.from(text, 'base64url').toString())
    const forged = (change: object) =>
      `${Buffer.from(JSON.stringify({ ...claim, ...change })).toString('base64url')}.${signature}`
    const wrong = [
      '',
      'x',
      text,
      `${text}.`,
      `.${signature}`,
      `${token}A`,
      `${text}.${signature.slice(1)}A`,
      forged({ o: [['site:2', 'site:2']] }),
      forged({ e: claim.e + 1 }),
      forged({ k: '__proto__' }),
      forged({ k: 'gone' }),
      'a'.repeat(7_000),
    ]
    for (const one of wrong) {
      const { status, body } = await ask(one)
      expect([one.slice(0, 40), status, body.code]).toEqual([one.slice(0, 40), 401, 'ORC_CUSTOMER_TOKEN'])
    }
    // By the token nothing else is opened, and by nothing else this.
    const headers = { authorization: `Bearer ${token}` }
    expect((await api.ask({ url: '/api/v1/servers', headers })).statusCode).toBe(401)
    expect((await api.ask(CHANGES)).statusCode).toBe(401)
    expect((await api.ask({ url: CHANGES, method: 'POST', headers })).statusCode).toBe(401)
    vi.useFakeTimers({ toFake: ['Date'], now: claim.e * 1_000 - 1 })
    expect((await ask(token)).status).toBe(200)
    vi.setSystemTime(claim.e * 1_000)
    expect((await ask(token)).status).toBe(401)
    vi.useRealTimers()
    // A key by which nobody signs any more verifies nothing: it may have been given up because somebody else has it.
    await world.store.query(
      `update orchestra.setting set value = jsonb_set(value, array[$1, 'at'], '"2020-01-01T00:00:00Z"') where name = 'customer-keys'`,
      [claim.k],
    )
    expect((await ask(token)).status).toBe(401)
  })

  it('is asked for rightly, or not at all', async () => {
    const { orchestra } = await opened()
    const good = { objects: ['site:1'], subject: 'c' }
    const wrong: [unknown, string][] = [
      [undefined, 'ORC_INPUT_INVALID'],
      [{ ...good, objects: [] }, 'ORC_INPUT_INVALID'],
      [{ ...good, objects: ['site'] }, 'ORC_INPUT_INVALID'],
      [{ ...good, objects: [''] }, 'ORC_INPUT_INVALID'],
      [{ ...good, objects: ['car:1'] }, 'ORC_MODEL_UNKNOWN'],
      [{ ...good, objects: Array(101).fill('site:1') }, 'ORC_INPUT_INVALID'],
      [{ ...good, objects: Array(100).fill(`site:${'1'.repeat(200)}`) }, 'ORC_INPUT_INVALID'],
      [{ ...good, objects: [{ object: 'site:1', label: 'a\nb' }] }, 'ORC_INPUT_INVALID'],
      [{ ...good, subject: '' }, 'ORC_INPUT_INVALID'],
      [{ ...good, locale: '__proto__' }, 'ORC_INPUT_INVALID'],
      [{ ...good, minutes: 90 }, 'ORC_INPUT_INVALID'],
    ]
    for (const [given, code] of wrong)
      await expect(
        orchestra.changes.token(given as never),
        JSON.stringify(given)?.slice(0, 80),
      ).rejects.toMatchObject({
        code,
      })
  })

  it('lets through what a schema says of a field, and nothing of secrets or of the inside', () => {
    const told = (rest: string) => faultsIn(Site, '1', `site:1 does not fit its schema: ${rest}`)
    expect(told('domain: Too short; (object): the row of db7; plan: is gone; owner: ana')).toEqual([
      'domain: Too short',
      'plan: is gone',
    ])
    expect(told('body: custom (its message quotes a part of a secret)')).toEqual([])
    expect(faultsIn(Site, '1', 'site:1: what its schema makes of it cannot be read: at db7')).toBe(null)
    expect(faultsIn(Site, '1', 'site:2 does not fit its schema: domain: Too short')).toBe(null)
  })

  it('comes live, until the token expires, in no more streams than a customer needs', async () => {
    const world = await build({})
    const orchestra = await orchestraOf(world)
    const { store, config, load, environment } = askerOf(world)
    const authenticate = async () => undefined
    const asking = {
      store,
      config,
      load,
      environment,
      authenticate,
      holds: 'key',
      onError: () => {},
    } as const
    const listening = await listen({ ...asking, host: '127.0.0.1', port: 0 })
    closing.push(() => listening.close())
    const token = await orchestra.changes.token({ objects: ['site:1'], subject: 'c' })
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` }
    const leaving = new AbortController()
    const ask = () => fetch(`${listening.url}${CHANGES}`, { headers, signal: leaving.signal })
    const response = await ask()
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let heard = ''
    const until = async (text: string) => {
      while (!heard.includes(text)) {
        const { value, done } = (await reader?.read()) ?? { done: true }
        if (done) throw new Error(`ended without ${text}: ${heard}`)
        heard += value
      }
    }
    await until('"items":[]')
    await world.work()
    await store.query(`insert into site (id, body) values (1, 'a')`)
    await until('"state":"done"')
    const others = await Promise.all([ask(), ask(), ask(), ask(), ask()])
    expect(others.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 429])
    leaving.abort()
    await vi.waitFor(async () => {
      const again = await fetch(`${listening.url}${CHANGES}`, { headers })
      await again.body?.cancel()
      expect(again.status).toBe(200)
    }, 60_000)
  })

  it('is shown by an element of at most 5 kB that writes nothing but text', async () => {
    const { api } = await opened()
    const response = await api.ask('/embed/v1/orchestra-changes.js')
    expect([response.statusCode, response.headers['x-content-type-options']]).toEqual([200, 'nosniff'])
    expect(response.headers['content-type']).toBe('text/javascript; charset=utf-8')
    expect(response.rawPayload).toEqual(readFileSync(element))
    expect(response.rawPayload.byteLength).toBeLessThanOrEqual(5_000)
    expect(response.body).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(/)
  })
})
