import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { addToken, addUser, makeLink } from '../../src/access/index.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { describePostgres } from '../support/stores.ts'

const bin = join(import.meta.dirname, '../../bin/orchestra.js')
const source = join(import.meta.dirname, '../../src/index.ts')

/** A provider of identities that cannot be asked. */
const nowhere = { name: 'keycloak', issuer: 'http://127.0.0.1:1', clientId: 'orchestra' }

describePostgres('orchestra serve', (open) => {
  let directory: string
  let databaseUrl: string
  const running: ReturnType<typeof spawn>[] = []
  /** All that any of them printed. */
  let printed = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orchestra-serve-'))
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
    const config = `{ models: [], backends: [], http: { oidc: [${JSON.stringify(nowhere)}] } }`
    const module = `import { defineConfig } from ${JSON.stringify(source)}\nexport default defineConfig(${config})\n`
    await writeFile(join(directory, 'orchestra.config.ts'), module)
    databaseUrl = (await open()).databaseUrl
  })
  afterEach(async () => {
    for (const child of running.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    }
    await rm(directory, { recursive: true, force: true })
  })

  const start = (...args: string[]) => {
    const environment = { ...process.env, DATABASE_URL: databaseUrl, ORCHESTRA_KEY: '' }
    const child = spawn(process.execPath, [bin, ...args, '--json'], { cwd: directory, env: environment })
    running.push(child)
    const keep = (bytes: Buffer) => {
      printed += String(bytes)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    return child
  }

  /** Where the API is, once the command says so. */
  const urlOf = async (child: ReturnType<typeof start>): Promise<string> => {
    for await (const line of createInterface(child.stdout)) {
      const told = JSON.parse(line) as { event: string; url?: string }
      if (told.event === 'listening' && told.url !== undefined) return told.url
    }
    throw new Error('it ended without listening')
  }

  /** A token of that role, made by whoever has the store. */
  const tokenOf = (role: string): Promise<string> =>
    inStore(async (store) => (await addToken(store, { name: role, role, days: 1 }, { by: 'test' })).token)

  const inStore = async <Value>(work: (store: Store) => Promise<Value>): Promise<Value> => {
    const store = await openStore({ databaseUrl, directory, keyless: true })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }

  /** The exit code, and the error that was told. */
  const failureOf = async (child: ReturnType<typeof start>) => {
    const told = Buffer.concat(await child.stderr.toArray()).toString()
    if (child.exitCode === null) await once(child, 'exit')
    return [child.exitCode, JSON.parse(told).error.code]
  }

  it('answers without a key, makes none, and ends when it is asked to', async () => {
    const child = start('serve', '--port', '0', '--open')
    const url = await urlOf(child)
    const none = { items: [], next: null, count: 0, countIsExact: true }
    expect(await (await fetch(`${url}/servers`)).json()).toEqual(none)
    const left = await fetch(`${url}/plans`, { method: 'POST' })
    expect([left.status, left.headers.get('location')]).toEqual([202, '/api/v1/requests/1'])
    const doctor = (await (await fetch(`${url}/doctor`)).json()) as { items: { check: string }[] }
    expect(doctor.items.map(({ check }) => check)).toContain('key')
    expect(existsSync(join(directory, '.orchestra', 'key'))).toBe(false)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  it('says whom it cannot ask who somebody is, and works without', async () => {
    const child = start('serve', '--port', '0')
    for await (const line of createInterface(child.stdout)) {
      const { event, ...told } = JSON.parse(line)
      if (event !== 'provider') continue
      expect(told).toMatchObject({ provider: 'keycloak', error: { code: 'ORC_PROVIDER_FAILED' } })
      break
    }
  })

  it('logs a line of JSON for each request, and nothing secret in it', async () => {
    const child = start('serve', '--port', '0', '--log', 'json')
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const next = async (event: string) => {
      for (;;) {
        const { value } = await lines.next()
        const told = JSON.parse(value ?? '')
        if (told.event === event) return told
      }
    }
    const { url, level, pid } = await next('listening')
    expect([level, pid]).toEqual(['info', child.pid])
    const token = await tokenOf('viewer')
    const asked = [
      fetch(`${url}/servers/web%1b%5b2J%c2%9b?no=${token}`, {
        headers: { authorization: `Bearer ${token}` },
      }),
      fetch(`${url}/servers`, { headers: { authorization: 'Bearer hunter2' } }),
      fetch(`${url}/hooks/shop/deliver`, {
        method: 'POST',
        body: 'hunter2',
        headers: { authorization: 'Bearer hunter2' },
      }),
    ]
    const answers = await Promise.all(asked)
    const told = [await next('request'), await next('request'), await next('request')]
    const of = (status: number, route: string) =>
      told.find((one) => one.status === status && one.route === `/api/v1${route}`)
    expect(of(400, '/servers/:server')).toMatchObject({
      level: 'warn',
      by: 'token:viewer',
      server: 'web\u001b[2J\u009b',
      method: 'GET',
      address: '127.0.0.1',
      milliseconds: expect.any(Number),
      requestId: answers[0]?.headers.get('request-id'),
    })
    expect(of(401, '/servers')).toMatchObject({ by: null })
    expect(of(401, '/hooks/:hook/deliver')).toMatchObject({ by: null, hook: 'shop' })
    for (const never of [token, 'hunter2', '\u001b', '\u009b']) expect(printed).not.toContain(never)
    const quiet = start('up', '--log', 'xml')
    expect(await failureOf(quiet)).toEqual([1, 'ORC_USAGE'])
  })

  it('says what to do where it cannot listen', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    expect(await failureOf(start('serve', '--port', String(port)))).toEqual([1, 'ORC_HTTP_ADDRESS'])
    other.close()
    expect(await failureOf(start('serve', '--host', '0.0.0.0'))).toEqual([1, 'ORC_HTTP_EXPOSED'])
    expect(await failureOf(start('serve', '--host', '192.0.2.1'))).toEqual([1, 'ORC_HTTP_EXPOSED'])
  })

  it('is for whoever has a token, as far as that goes', async () => {
    const child = start('serve', '--port', '0')
    const url = await urlOf(child)
    const token = await tokenOf('viewer')
    const status = async (authorization: string | undefined, path: string, init: RequestInit = {}) => {
      const headers = authorization === undefined ? {} : { authorization }
      return (await fetch(`${url}${path}`, { ...init, headers })).status
    }
    expect(await status(undefined, '/servers')).toBe(401)
    expect(await status(undefined, '/health')).toBe(200)
    for (const bad of [
      'Bearer x',
      `Bearer ${token}x`,
      `Basic ${token}`,
      'Bearer',
      `Bearer ${token} x`,
      token,
    ])
      expect([bad, await status(bad, '/servers')]).toEqual([bad, 401])
    expect(await status(`Bearer ${token}`, '/servers')).toBe(200)
    expect(await status(`bearer  ${token}`, '/servers')).toBe(200)
    expect(await status(`Bearer ${token}`, '/doctor')).toBe(403)
    expect(await status(`Bearer ${token}`, '/pause', { method: 'POST' })).toBe(403)
    expect(printed).not.toContain(token)
  })

  it('tells its own log nothing by which somebody comes in, by whatever way he does', async () => {
    const child = start('serve', '--port', '0')
    const url = await urlOf(child)
    const password = 'correct horse battery'
    const link = await inStore(async (store) => {
      await addUser(store, { name: 'ana', role: 'admin', password }, { by: 'test' })
      return (await makeLink(store, { user: 'ana' }, { by: 'test' })).secret
    })
    const page = { origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' }
    const json = { 'content-type': 'application/json', ...page }
    const post = (path: string, body: object, headers: Record<string, string> = {}) =>
      fetch(`${url}${path}`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })
    const cookies: string[] = []
    for (const entered of [
      await post('/session', { name: 'ana', password }),
      await post('/session/link', { link }),
    ]) {
      expect(entered.status).toBe(200)
      cookies.push(entered.headers.getSetCookie()[0]?.split(';')[0] ?? '')
    }
    const [cookie = '', other = ''] = cookies
    // Right, wrong, refused in the middle, and what nobody expects in it.
    expect((await fetch(`${url}/servers`, { headers: { cookie } })).status).toBe(200)
    expect((await fetch(`${url}/servers?${cookie}`, { headers: { cookie } })).status).toBe(400)
    expect((await fetch(`${url}/no-such/${link}`, { headers: { cookie: other } })).status).toBe(404)
    expect((await post('/session', { name: 'ana', password, link })).status).toBe(400)
    expect((await post('/session', { name: 'ana', password: `${password}!` })).status).toBe(401)
    expect(
      (
        await post(
          '/pause',
          {},
          { cookie, origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
        )
      ).status,
    ).toBe(403)
    expect(
      (await fetch(`${url}/session`, { method: 'DELETE', headers: { ...page, cookie } })).status,
    ).toBeLessThan(300)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    for (const secret of [...cookies.map((one) => one.split('=')[1] ?? ''), password, link]) {
      expect(secret.length).toBeGreaterThan(20)
      expect(printed).not.toContain(secret)
    }
  })

  it('is offered by `orchestra up` with an embedded store, which goes on and says what to do where the port is taken', async () => {
    databaseUrl = ''
    // Whoever has it, somebody has.
    const other = createServer().on('error', () => undefined)
    await new Promise<void>((settled) => {
      other.on('error', () => settled()).listen(4480, '127.0.0.1', settled)
    })
    const recordsOf = async (...args: string[]) => {
      const child = start('up', ...args)
      const records: { event: string; error?: object }[] = []
      for await (const line of createInterface(child.stdout)) {
        const told = JSON.parse(line)
        records.push(told)
        if (told.event === 'ready') child.kill('SIGINT')
      }
      return records.filter(({ event }) => /api|listening|ready/.test(event))
    }
    expect(await recordsOf()).toMatchObject([
      { event: 'no-api', error: { code: 'ORC_HTTP_ADDRESS', hint: expect.stringContaining('--http PORT') } },
      { event: 'ready' },
    ])
    expect(await recordsOf('--no-http')).toMatchObject([{ event: 'ready' }])
    other.close()
  })

  it('is offered by `orchestra up --http` too, with the key', async () => {
    const child = start('up', '--http', '0')
    const url = await urlOf(child)
    const headers = { authorization: `Bearer ${await tokenOf('admin')}` }
    expect((await fetch(`${url}/plans`, { method: 'POST' })).status).toBe(401)
    expect((await fetch(`${url}/plans`, { method: 'POST', headers })).status).toBe(201)
    const ended = once(child, 'exit')
    child.kill('SIGINT')
    expect(await ended).toEqual([0, null])
  })
})
