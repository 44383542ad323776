import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as checkedFile from '../checked-file.ts'
import * as customAction from '../custom-action.ts'
import * as expressApp from '../express-app.ts'
import * as fastifyApp from '../fastify-app.ts'
import * as httpApi from '../http-api.ts'
import * as orderedBackends from '../ordered-backends.ts'
import * as pythonScript from '../python-script.ts'
import * as relatedData from '../related-data.ts'
import * as secrets from '../secrets.ts'
import { type Base, openBase, RunningExample } from './run.ts'

describe('the examples', () => {
  let base: Base
  let running: RunningExample

  beforeAll(async () => {
    base = await openBase()
  })

  afterEach(() => running[Symbol.asyncDispose]())
  afterAll(() => base.close())

  const start = async (example: { default: RunningExample['orchestra']['config']; tables: string }) => {
    running = await RunningExample.start(base, { config: example.default, tables: example.tables })
    return running
  }

  it('express-app: a request waits for its servers and answers with the outcome', async () => {
    const { orchestra, pool } = await start(expressApp)
    await using server = await listening(createServer(expressApp.createApp(orchestra, pool)))
    const response = await post(`${server.url}/sites`, { domain: 'shop.example' }, { 'x-user': 'ada' })
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({
      id: 1,
      servers: [{ server: 'here', outcome: 'success', error: null }],
    })
    expect(running.read('site-1')).toBe('shop.example\n')
    const [unit] = await orchestra.store.query('select id, actor, source from orchestra.unit')
    expect(unit).toEqual({ id: response.headers.get('orchestra-unit'), actor: 'ada', source: 'POST /sites' })
  })

  it('express-app: a site that cannot be applied is told of with its reason', async () => {
    const { orchestra, pool } = await start(expressApp)
    await using server = await listening(createServer(expressApp.createApp(orchestra, pool)))
    const response = await post(`${server.url}/sites`, { domain: '../etc' })
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({
      servers: [{ outcome: 'failure', error: expect.stringContaining('domain: ') }],
    })
  })

  it('fastify-app: an invalid change is refused before it commits', async () => {
    const { orchestra, pool, directory } = await start(fastifyApp)
    const app = fastifyApp.createApp(orchestra, pool)
    const create = (address: string) =>
      app.inject({ method: 'POST', url: '/mailboxes', payload: { address } })
    const refused = await create('not an address')
    expect(refused.statusCode).toBe(422)
    expect(refused.json().error).toContain('mailbox:1')
    expect(await orchestra.store.query('select * from mailbox')).toEqual([])
    const accepted = await create('ada@mail.example')
    expect([accepted.statusCode, accepted.json()]).toEqual([201, { servers: ['here'] }])
    await expect
      .poll(() => existsSync(join(directory, 'mail/ada@mail.example')), { timeout: 10_000 })
      .toBe(true)
    await app.close()
  })

  it('related-data: a change of a member writes the list anew', async () => {
    const { directory } = await start(relatedData)
    await running.commit(`insert into list (address) values ('all@lists.example')`)
    expect(running.read('lists/1')).toBe('all@lists.example: \n')
    expect(
      await running.commit(`insert into list_member values (1, 'b@x.example'), (1, 'a@x.example')`),
    ).toEqual({
      'save list:1': 'success',
    })
    expect(running.read('lists/1')).toBe('all@lists.example: a@x.example, b@x.example\n')
    await running.commit('delete from list')
    expect(readdirSync(join(directory, 'lists'))).toEqual([])
  })

  it('secrets: the password reaches the command, and neither store nor log holds it', async () => {
    const { orchestra } = await start(secrets)
    const password = 'corr3ct-h0rse'
    expect(
      await running.commit(`insert into account (name, password) values ('ada', '${password}')`),
    ).toEqual({
      'save account:1': 'success',
    })
    expect(running.read('shadow-ada')).toBe(`${await sha256(password)}  -\n`)
    const [log] = await orchestra.store.query<{ script: string }>('select script from orchestra.log')
    expect(log?.script).toContain('«secret:account.password»')
    const stored = ['change', 'unit', 'operation', 'placement', 'log', 'log_operation', 'audit', 'server']
    const dump = await Promise.all(
      stored.map((table) => orchestra.store.query(`select row::text from orchestra.${table} as row`)),
    )
    const output = await orchestra.store.query<{ data: Buffer }>('select data from orchestra.log_chunk')
    expect(Buffer.concat(output.map(({ data }) => data)).toString()).toBe('password of ada is set\n')
    expect(JSON.stringify(dump)).not.toContain(password)
  })

  it('custom-action: the application asks for it, and it has an outcome', async () => {
    const { orchestra, directory } = await start(customAction)
    await running.commit(`insert into site (domain) values ('shop.example')`)
    writeFileSync(join(directory, 'cache/shop.example/page'), 'old')
    expect(await customAction.purge(orchestra, 1)).toBe(true)
    expect(readdirSync(join(directory, 'cache/shop.example'))).toEqual([])
  })

  it('http-api: functions of the worker call a service, and its refusal is the outcome', async () => {
    const records = new Map<string, string>()
    await using api = await listening(createServer(dnsService(records)))
    const config = httpApi.createConfig(api.url)
    running = await RunningExample.start(base, { config, tables: httpApi.tables, method: 'function' })
    const insert = (name: string) =>
      running.commit(`insert into dns_record (name, address) values ('${name}', '192.0.2.1')`)
    expect(await insert('www.shop.example')).toEqual({ 'save dns-record:1': 'success' })
    expect(records).toEqual(new Map([['www.shop.example', '{"address":"192.0.2.1"}']]))
    expect(await insert('refused')).toEqual({ 'save dns-record:2': 'failure' })
    await running.commit('delete from dns_record where id = 1')
    expect(records.size).toBe(0)
  })

  it('python-script: a program of another language keeps the settings', async () => {
    await start(pythonScript)
    const hostile = `'"\\n\n$(id) é💥`
    const sql = `insert into setting values ('greeting', '${hostile.replaceAll("'", "''")}'), ('colour', 'red')`
    expect(await running.commit(sql)).toEqual({
      'save setting:greeting': 'success',
      'save setting:colour': 'success',
    })
    expect(JSON.parse(running.read('settings.json'))).toEqual({ greeting: hostile, colour: 'red' })
    await running.commit(`delete from setting where name = 'colour'`)
    expect(JSON.parse(running.read('settings.json'))).toEqual({ greeting: hostile })
  })

  it('checked-file: a bad file is put back, the others stay, and one reload serves them all', async () => {
    await start(checkedFile)
    await running.commit(`insert into job (script) values ('echo one'), ('echo two'), ('echo three')`)
    expect(running.read('reloads')).toBe('reloaded\n')
    const outcomes = await running.commit(
      `update job set script = case when id = 2 then 'if true; then' else script || ' again' end`,
    )
    expect(outcomes).toEqual({ 'save job:1': 'success', 'save job:2': 'failure', 'save job:3': 'success' })
    expect(running.read('jobs.d/1.sh')).toBe('echo one again\n')
    expect(running.read('jobs.d/2.sh')).toBe('echo two\n')
    expect(running.read('reloads')).toBe('reloaded\nreloaded\n')
  })

  it('ordered-backends: users come before their sites and go after them', async () => {
    const { directory } = await start(orderedBackends)
    const created = await running.commit(
      `with ada as (insert into person values ('ada') returning name)
       insert into site select 'shop.example', name from ada`,
    )
    expect(created).toEqual({ 'save person:ada': 'success', 'save site:shop.example': 'success' })
    expect(existsSync(join(directory, 'home/ada/shop.example'))).toBe(true)
    expect(await running.commit('delete from person')).toEqual({
      'delete person:ada': 'success',
      'delete site:shop.example': 'success',
    })
    expect(readdirSync(join(directory, 'home'))).toEqual([])
  })
})

async function listening(server: Server): Promise<AsyncDisposable & { url: string }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** A small DNS service that refuses one name. */
function dnsService(records: Map<string, string>): NonNullable<Parameters<typeof createServer>[1]> {
  return (request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1))
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (name === 'refused') response.writeHead(422)
      else if (request.method === 'PUT') records.set(name, Buffer.concat(chunks).toString())
      else records.delete(name)
      response.end()
    })
  }
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Buffer.from(digest).toString('hex')
}
