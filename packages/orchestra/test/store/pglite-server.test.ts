import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PGliteServer } from '../../src/store/pglite-server.ts'
import { copyFail, FrameReader, message, queryMessage, sync } from '../../src/store/wire.ts'
import { until } from '../support/processes.ts'

const idleInTransaction = 300
const psqlMissing = existsSync('/usr/bin/psql') ? null : 'psql is not installed'
if (psqlMissing !== null && process.env.CI === 'true') throw new Error(`${psqlMissing}, and CI requires it`)

describe('one PGlite database for many clients', () => {
  let directory: string
  let database: PGlite
  let server: PGliteServer
  let port: number
  let clients: pg.Client[]
  let sockets: Socket[]

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'orchestra-pglite-'))
    database = await PGlite.create()
    server = new PGliteServer(database, { idleInTransaction })
    port = await server.listen({ port: 0 })
    await server.listen({ path: join(directory, '.s.PGSQL.5432') })
  }, 120_000)

  beforeEach(async () => {
    clients = []
    sockets = []
    const client = await newClient()
    await client.query('drop table if exists t; create table t (a int, b text)')
  })

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
    for (const socket of sockets) socket.destroy()
  })

  afterAll(async () => {
    await server.close()
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  })

  async function newClient(): Promise<pg.Client> {
    const client = new pg.Client({ host: directory, user: 'postgres', database: 'postgres' })
    client.on('error', () => undefined)
    await client.connect()
    clients.push(client)
    return client
  }

  /** A client that speaks the protocol itself, to say what no driver says. */
  async function rawClient() {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    const reader = new FrameReader(true)
    const seen: string[] = []
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      for (const frame of reader.push(bytes) ?? []) seen.push(String.fromCharCode(frame.type))
    })
    await once(socket, 'connect')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(Buffer.concat([Buffer.from([0, 0, 0, 23, 0, 3, 0, 0]), Buffer.from('user\0postgres\0\0')]))
    await until('the login', () => seen.includes('Z'))
    seen.length = 0
    return { socket, seen, closed, text: () => text }
  }

  async function rows(sql: string): Promise<unknown[]> {
    return (await (await newClient()).query(sql)).rows
  }

  it('keeps transactions apart, whatever the order of their statements', async () => {
    const writers = await Promise.all(Array.from({ length: 6 }, newClient))
    await Promise.all(
      writers.map(async (client, n) => {
        for (let round = 0; round < 10; round++) {
          await client.query('begin')
          await client.query('insert into t values ($1, $2)', [n, `round ${round}`])
          const { rows: seen } = await client.query('select count(*)::int as n from t where a = $1', [n])
          expect(seen).toEqual([{ n: Math.floor(round / 2) + 1 }])
          await client.query(round % 2 === 0 ? 'rollback' : 'commit')
        }
      }),
    )
    expect(await rows('select a, count(*)::int as n from t group by a order by a')).toEqual(
      writers.map((_, a) => ({ a, n: 5 })),
    )
  })

  it("never runs one client's parameters with another's statement", async () => {
    const many = await Promise.all(Array.from({ length: 6 }, newClient))
    await Promise.all(
      many.map(async (client, n) => {
        for (let round = 0; round < 30; round++) {
          const { rows: answer } = await client.query(`select $1::text as "column ${n}"`, [`${n}.${round}`])
          expect(answer).toEqual([{ [`column ${n}`]: `${n}.${round}` }])
        }
      }),
    )
  })

  it('keeps prepared statements of one name apart, and forgets those of clients that left', async () => {
    for (let generation = 0; generation < 2; generation++) {
      const [one, two] = await Promise.all([newClient(), newClient()])
      const ask = async (client: pg.Client | undefined, text: string) =>
        (await client?.query({ name: 's0', text, values: [7] }))?.rows
      for (let round = 0; round < 3; round++) {
        expect(await ask(one, 'select $1::int as one')).toEqual([{ one: 7 }])
        expect(await ask(two, 'select $1::int + 1 as two')).toEqual([{ two: 8 }])
      }
      await Promise.all([one?.end(), two?.end()])
    }
    await until('the statements are gone', async () => {
      const [left] = await rows('select count(*)::int as n from pg_prepared_statements')
      return JSON.stringify(left) === '{"n":0}'
    })
  })

  it('lets no setting of a client that left reach the others', async () => {
    const client = await newClient()
    await client.query("set application_name = 'left behind'; set search_path = nowhere")
    await client.end()
    expect(await rows('select count(*)::int as n from t')).toEqual([{ n: 0 }])
  })

  it('delivers what is notified to those who listen, and to nobody else', async () => {
    const [listener, deaf, sender] = await Promise.all([newClient(), newClient(), newClient()])
    const heard: string[] = []
    listener?.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`))
    deaf?.on('notification', () => heard.push('by the deaf'))
    await listener?.query('listen "Chan"')
    await sender?.query(`notify "Chan", 'one'`)
    await sender?.query('begin')
    await sender?.query(`notify "Chan", 'never'`)
    await sender?.query('rollback')
    await sender?.query(`select pg_notify('Chan', 'two')`)
    await until('both', () => heard.length >= 2)
    await deaf?.query('select 1')
    expect(heard).toEqual(['Chan one', 'Chan two'])
  })

  it('undoes the transaction of a client that disconnects in it', async () => {
    const client = await newClient()
    await client.query('begin; insert into t values (1)')
    const waiting = rows('select * from t')
    await client.end()
    expect(await waiting).toEqual([])
  })

  it('undoes what a client left unfinished in a pipeline, also after an error', async () => {
    const parse = (sql: string) => message(0x50, `\0${sql}\0\0\0`)
    const rest = [message(0x42, '\0\0\0\0\0\0\0\0'), message(0x45, '\0\0\0\0\0')]
    for (const sql of ['insert into t values (1)', 'insert into t values (1/0)']) {
      const { socket, seen } = await rawClient()
      socket.write(Buffer.concat([parse(sql), ...rest, message(0x48, '')]))
      await until('an answer', () => seen.some((type) => type === 'C' || type === 'E'))
      socket.destroy()
      expect(await rows('select * from t')).toEqual([])
    }
  })

  it('skips the rest of a pipeline after an error, and goes on after its end', async () => {
    const client = await newClient()
    const { socket, seen } = await rawClient()
    const bad = message(0x50, '\0selec 1\0\0\0')
    const good = message(0x50, '\0select 1\0\0\0')
    socket.write(Buffer.concat([bad, good, sync, good, sync]))
    await until('both ends', () => seen.filter((type) => type === 'Z').length === 2)
    expect(seen.join('')).toBe('EZ1Z')
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('throws out a client that sits in a transaction, once others wait', async () => {
    const sitter = await newClient()
    const ended = new Promise((resolve) => sitter.once('end', resolve))
    await sitter.query('begin; insert into t values (1)')
    // Longer than it may, while nobody minds.
    await new Promise((resolve) => setTimeout(resolve, idleInTransaction * 2))
    await sitter.query('insert into t values (2)')
    expect(await rows('select * from t')).toEqual([])
    await ended
    await expect(sitter.query('commit')).rejects.toThrow()
  })

  it('carries a parameter and a row of 20 MB', async () => {
    const client = await newClient()
    const text = 'x'.repeat(20_000_000)
    await client.query('insert into t values (1, $1)', [text])
    const { rows: found } = await client.query('select b from t')
    expect(found[0].b === text).toBe(true)
  })

  it('refuses a COPY that has no data to come, and the session goes on', async () => {
    const client = await newClient()
    await expect(client.query('copy t from stdin')).rejects.toMatchObject({ code: '57014' })
    await expect(client.query('select 1; copy t from stdin')).rejects.toMatchObject({ code: '57014' })
    await expect(
      client.query({ name: 'c', text: 'copy t from stdin', values: [] }).then(() => client.query('select 1')),
    ).rejects.toMatchObject({
      code: '57014',
      message: expect.stringContaining('a query of its own'),
    })
    expect(await rows('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('copies in a transaction, and nothing when the client gives it up', async () => {
    const { socket, seen } = await rawClient()
    const ready = (count: number) =>
      until(`answer ${count}`, () => seen.filter((type) => type === 'Z').length === count)
    socket.write(queryMessage('begin'))
    await ready(1)
    socket.write(queryMessage('copy t from stdin'))
    await until('the invitation', () => seen.includes('G'))
    socket.write(Buffer.concat([message(0x64, '1\tone\n2'), message(0x64, '\ttwo\n'), message(0x63, '')]))
    await ready(2)
    socket.write(queryMessage('commit'))
    await ready(3)
    socket.write(queryMessage('copy t from stdin'))
    socket.write(Buffer.concat([message(0x64, '3\tthree\n'), copyFail('changed my mind')]))
    await ready(4)
    expect(seen.filter((type) => type === 'G')).toHaveLength(2)
    expect(await rows('select * from t')).toEqual([
      { a: 1, b: 'one' },
      { a: 2, b: 'two' },
    ])
  })

  it.each([
    ['a message that no client sends', Buffer.from([0x7a, 0, 0, 0, 4])],
    ['a length that cannot be', Buffer.from([0x51, 0, 0, 0, 1])],
  ])('drops who sends %s, and nobody else', async (_, bytes) => {
    const other = await newClient()
    const { socket, seen, closed } = await rawClient()
    socket.write(bytes)
    await closed
    expect(seen).toContain('E')
    expect((await other.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('drops what is not Postgres at all', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await closed
  })

  it('ends a cancel request without an answer', async () => {
    const socket = connect(port, '127.0.0.1')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('data', () => expect.unreachable('a cancel request has no answer'))
    socket.write(Buffer.from([0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 1]))
    await closed
  })

  describe.skipIf(psqlMissing)('with psql', () => {
    async function psql(
      commands: readonly string[],
      input = '',
      url = `postgresql://postgres@127.0.0.1:${port}/postgres`,
    ) {
      const words = [
        '-X',
        '-q',
        '-v',
        'ON_ERROR_STOP=1',
        '-d',
        url,
        ...commands.flatMap((text) => ['-c', text]),
      ]
      const child = spawn('psql', words, { stdio: ['pipe', 'pipe', 'pipe'] })
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (bytes) => {
          output += bytes
        })
      child.stdin.on('error', () => undefined)
      child.stdin.end(input)
      const [code] = await once(child, 'close')
      return { code, output }
    }

    it('connects as it does by default, asking for encryption first', async () => {
      expect(await psql(['select 40 + 2'])).toMatchObject({ code: 0, output: expect.stringContaining('42') })
      const socketUrl = `postgresql://postgres@/postgres?host=${encodeURIComponent(directory)}`
      expect(await psql(['select 40 + 2'], '', socketUrl)).toMatchObject({ code: 0 })
    })

    it('describes tables', async () => {
      expect((await psql(['\\d'])).output).toContain('public | t    | table')
      expect((await psql(['\\d t'])).output).toMatch(/a +\| integer/)
    })

    it('copies in and out', async () => {
      const file = join(directory, 'rows')
      expect(await psql(['\\copy t from stdin'], '1\tone\n2\ttwo\n\\.\n')).toEqual({ code: 0, output: '' })
      expect(await psql(['copy t to stdout'])).toEqual({ code: 0, output: '1\tone\n2\ttwo\n' })
      expect(
        await psql([`\\copy t to '${file}' with (format csv)`, `\\copy t from '${file}' with (format csv)`]),
      ).toEqual({ code: 0, output: '' })
      expect(await rows('select count(*)::int as n from t')).toEqual([{ n: 4 }])
    })

    it('is told by Postgres what is wrong with a copy', async () => {
      const missing = await psql(['\\copy nowhere from stdin'], '1\n\\.\n')
      expect(missing).toMatchObject({ code: 1, output: expect.stringContaining('"nowhere" does not exist') })
      const wrong = await psql(['\\copy t from stdin'], 'no number\tx\n\\.\n')
      expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('invalid input syntax') })
      expect(await rows('select count(*)::int as n from t')).toEqual([{ n: 0 }])
    })

    it('may open a transaction with several commands', async () => {
      expect(
        await psql(['begin', 'insert into t values (1)', 'rollback', 'select count(*) from t']),
      ).toMatchObject({
        code: 0,
        output: expect.stringMatching(/^ +0$/m),
      })
    })
  })
})
