import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PGliteServer } from '../../src/store/pglite-server.ts'
import { message, queryMessage } from '../../src/store/wire.ts'

const password = 'pass-word_of-the-port'
const psqlMissing = existsSync('/usr/bin/psql') ? null : 'psql is not installed'
if (psqlMissing !== null && process.env.CI === 'true') throw new Error(`${psqlMissing}, and CI requires it`)

describe('a port with a password', () => {
  let database: PGlite
  let server: PGliteServer
  let port: number
  const sockets: Socket[] = []

  beforeAll(async () => {
    database = await PGlite.create()
    server = new PGliteServer(database)
    port = await server.listen({ port: 0, password })
  }, 120_000)
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })
  afterAll(async () => {
    await server.close()
    await database.close()
  })

  async function ask(text: string, given: string | undefined = password): Promise<unknown[]> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      database: 'postgres',
      password: given,
    })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }

  async function stranger(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }

  /** All that a client which sends these is told before the connection ends. */
  async function told(...messages: Uint8Array[]): Promise<string> {
    const socket = await stranger()
    let answer = ''
    socket.on('data', (chunk) => {
      answer += String(chunk)
    })
    for (const one of messages) socket.write(one)
    await once(socket, 'close')
    return answer
  }

  const startup = (() => {
    const body = Buffer.from('\0\x03\0\0user\0postgres\0database\0postgres\0\0', 'latin1')
    const head = Buffer.alloc(4)
    head.writeInt32BE(body.length + 4)
    return Buffer.concat([head, body])
  })()
  const sasl = (first: string, mechanism = 'SCRAM-SHA-256') => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(first.length)
    return message(0x70, Buffer.concat([Buffer.from(`${mechanism}\0`), length, Buffer.from(first)]))
  }

  it('lets in who says it, in as many sessions as come', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('select 1 as one')))
    expect(answers).toEqual(Array.from({ length: 5 }, () => [{ one: 1 }]))
  })

  it.each(['', 'wrong', `${password} `, password.toUpperCase(), 'ü'])(
    'refuses %j as wrong',
    async (given) => {
      const refused = await ask('select 1', given).catch((error: unknown) => error)
      if (given === '') expect(refused).toMatchObject({ message: expect.stringMatching(/password/) })
      else
        expect(refused).toMatchObject({
          code: '28P01',
          message: expect.stringContaining('password authentication failed'),
        })
      expect(await ask('select 1 as one')).toEqual([{ one: 1 }])
    },
  )

  it.skipIf(psqlMissing !== null)('lets psql in by a file that its URL names', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'orchestra-pgpass-'))
    const file = join(directory, 'pgpass')
    writeFileSync(file, `127.0.0.1:${port}:postgres:postgres:${password}\n`, { mode: 0o600 })
    const url = `postgresql://postgres@127.0.0.1:${port}/postgres?passfile=${encodeURIComponent(file)}`
    const { stdout } = await promisify(execFile)('psql', [url, '-Atwc', 'select 41 + 1'])
    expect(stdout.trim()).toBe('42')
    rmSync(directory, { recursive: true })
  })

  it.each<[string, () => Uint8Array[]]>([
    ['a query in place of a password', () => [startup, queryMessage('select 4711 as told')]],
    ['a query before everything', () => [queryMessage('select 4711 as told')]],
    [
      'a query behind half a login',
      () => [startup, sasl('n,,n=,r=abc'), queryMessage('select 4711 as told')],
    ],
    ['another mechanism', () => [startup, sasl('n,,n=,r=abc', 'PLAIN')]],
    ['a first message that is none', () => [startup, sasl('hello')]],
    ['a proof that is none', () => [startup, sasl('n,,n=,r=abc'), message(0x70, 'c=biws,r=abc,p=AAAA')]],
    ['a message that is too long', () => [startup, message(0x70, Buffer.alloc(64 * 1024))]],
    ['a password in clear', () => [startup, message(0x70, `${password}\0`)]],
  ])('answers %s with a refusal, and runs nothing', async (_, messages) => {
    const answer = await told(...messages())
    expect(answer).toMatch(/FATAL/)
    expect(answer).not.toContain('4711')
    expect(await ask('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('has room for some who have not logged in, and none for more, while those who are in go on', async () => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      database: 'postgres',
      password,
    })
    await client.connect()
    for (let count = 0; count < 16; count++) (await stranger()).write(startup)
    expect(await told(startup)).toContain('too many clients are logging in')
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await client.end()
  })

  it('lets no notification reach who has not logged in', async () => {
    const socket = await stranger()
    let answer = ''
    socket.on('data', (chunk) => {
      answer += String(chunk)
    })
    socket.write(startup)
    await once(socket, 'data')
    await ask(`select pg_notify('bell', 'secret text')`)
    expect(answer).not.toContain('secret text')
  })
})
