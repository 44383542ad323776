import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { embeddedUrls, openStore, type Store } from '../../src/store/index.ts'
import { until } from '../support/processes.ts'

const storeModule = new URL('../../src/store/index.ts', import.meta.url).href

describe('an embedded database', () => {
  let template: string
  let directory: string
  let stores: Store[]
  let children: ChildProcess[]

  // Making a database takes seconds, copying one does not.
  beforeAll(async () => {
    template = mkdtempSync(join(tmpdir(), 'orchestra-open-'))
    await (await openStore({ directory: template })).close()
  }, 120_000)

  afterAll(() => rmSync(template, { recursive: true, force: true }))

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'orchestra-open-'))
    stores = []
    children = []
  })

  afterEach(async () => {
    for (const store of stores.reverse()) await store.close()
    await Promise.all(children.map(kill))
    rmSync(directory, { recursive: true, force: true })
  })

  async function open(where = directory): Promise<Store> {
    prepare(where)
    const store = await openStore({ directory: where })
    stores.push(store)
    return store
  }

  function prepare(where: string): void {
    if (!existsSync(join(where, 'db'))) cpSync(join(template, 'db'), join(where, 'db'), { recursive: true })
  }

  /** Another process that has the database open until it is killed. */
  async function owner(where = directory) {
    prepare(where)
    const code = `
      const { openStore } = await import(${JSON.stringify(storeModule)})
      const store = await openStore({ directory: process.argv[1] })
      await store.query('create table t (a int)')
      await store.query('insert into t values (1)')
      console.log('ready')
      setInterval(() => undefined, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code, where], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
    expect(value).toBe('ready')
    return child
  }

  it('is one for every process, and is taken over when its owner is killed', async () => {
    const first = await owner()
    const guest = await open()
    expect(await guest.query('insert into t values (2) returning a')).toEqual([{ a: 2 }])
    const heard: string[] = []
    const listener = guest.listen(['bell'], (_, payload) => heard.push(payload))
    await until('the first ring', () => heard.length === 1)
    await kill(first)
    await expect(guest.query('select a from t')).rejects.toMatchObject({ code: 'ORC_STORE_UNREACHABLE' })
    const next = await open()
    expect(await next.query('select a from t order by a')).toEqual([{ a: 1 }, { a: 2 }])
    // The guest finds the new owner at the same place.
    expect(await guest.query('select count(*) as n from t')).toEqual([{ n: 2 }])
    await until('a ring, for what was missed', () => heard.length >= 2)
    await next.query(`select pg_notify('bell', 'text')`)
    await until('the notification', () => heard.includes('text'))
    await listener.close()
  })

  it('is for its owner alone', async () => {
    await open()
    expect(statSync(join(directory, 'key')).mode & 0o777).toBe(0o600)
    expect(statSync(directory).mode & 0o077).toBe(0)
    expect(statSync(join(directory, '.s.PGSQL.5432')).isSocket()).toBe(true)
  })

  it('may have a longer name than a socket can', async () => {
    // Counted in letters, this one would fit; a socket counts bytes.
    const deep = join(directory, 'ü'.repeat(40))
    mkdirSync(deep, { recursive: true })
    const one = await open(deep)
    await one.query('create table t (a int)')
    const two = await open(deep)
    expect(await two.query('select a from t')).toEqual([])
  })

  it('with a long name has its socket where nobody could have prepared one', async () => {
    const deep = join(directory, 'd'.repeat(90))
    await open(deep)
    const place = readFileSync(join(deep, 'socket'), 'utf8')
    expect(statSync(place).mode & 0o777).toBe(0o700)
    expect(statSync(join(deep, 'socket')).mode & 0o777).toBe(0o600)
    expect(basename(place)).toMatch(/^orchestra-.{6}$/)
    await stores.pop()?.close()
    expect([existsSync(place), existsSync(join(deep, 'socket'))]).toEqual([false, false])
  })

  it.each([
    ['belongs to somebody else', (place: string) => chownSync(place, 4711, 4711), 'another user (uid 4711)'],
    [
      'is a link',
      (place: string) => {
        renameSync(place, `${place}.real`)
        symlinkSync(`${place}.real`, place)
      },
      'is no directory',
    ],
  ])('goes to no socket in a place that %s', async (_, spoil, why) => {
    const deep = join(directory, 'd'.repeat(90))
    await open(deep)
    const place = readFileSync(join(deep, 'socket'), 'utf8')
    spoil(place)
    await expect(openStore({ directory: deep, patience: 200 })).rejects.toMatchObject({
      code: 'ORC_STORE_EXPOSED',
      message: expect.stringContaining(why),
      hint: expect.any(String),
    })
    rmSync(`${place}.real`, { recursive: true, force: true })
  })

  it.runIf(process.getuid?.() === 0)('on a full disk says so, and opens when there is room', async () => {
    const small = join(directory, 'small')
    mkdirSync(small, { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=0700', 'tmpfs', small])
    try {
      await expect(openStore({ directory: small })).rejects.toMatchObject({
        code: 'ORC_STORE_UNREACHABLE',
        message: `The embedded database in ${small} cannot be opened: no space left on its disk`,
      })
      execFileSync('mount', ['-o', 'remount,size=200m', small])
      const store = await openStore({ directory: small })
      await store.query('create table t (a int)')
      await store.close()
    } finally {
      // What failed to open has files of it open still.
      execFileSync('umount', ['--lazy', small])
    }
  })

  it('that lacks files says so, and how to begin anew', async () => {
    await open()
    await stores.pop()?.close()
    rmSync(join(directory, 'db/global/pg_control'))
    await expect(openStore({ directory })).rejects.toMatchObject({
      code: 'ORC_STORE_UNREACHABLE',
      message: `The embedded database in ${directory} cannot be opened: its files are damaged or incomplete`,
      hint: expect.stringContaining(`Restore ${directory}/db`),
    })
  })

  it('in a directory of somebody else is refused, and left as it is', async () => {
    const theirs = join(directory, 'theirs')
    mkdirSync(theirs, { mode: 0o755 })
    chownSync(theirs, 4711, 4711)
    await expect(openStore({ directory: theirs, key: '5e'.repeat(32) })).rejects.toMatchObject({
      code: 'ORC_STORE_EXPOSED',
    })
    expect(readdirSync(theirs)).toEqual([])
    expect(statSync(theirs).mode & 0o777).toBe(0o755)
  })

  it('in a directory that others could look into keeps them out', async () => {
    chmodSync(directory, 0o777)
    await open()
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  it('asks on its port for a password that its owner alone can read', async () => {
    prepare(directory)
    const store = await openStore({ directory, port: 0 })
    stores.push(store)
    expect(statSync(join(directory, 'pgpass')).mode & 0o777).toBe(0o600)
    const { tcp, socket } = await embeddedUrls(directory)
    expect(tcp).toBe(store.databaseUrl)
    const { password } = new URL(store.databaseUrl)
    expect(password).toMatch(/^[\w-]{32}$/)
    expect(store.shownUrl + socket).not.toContain(password)
    expect(await ask(store.databaseUrl)).toEqual([{ one: 1 }])
    expect(await ask(socket ?? '')).toEqual([{ one: 1 }])
    const wrong = store.databaseUrl.replace(password, 'x'.repeat(32))
    await expect(ask(wrong)).rejects.toMatchObject({ code: '28P01' })
    await stores.pop()?.close()
    expect(await embeddedUrls(directory)).toEqual({ tcp: null, socket: null })
    const again = await openStore({ directory, port: 0 })
    stores.push(again)
    expect(new URL(again.databaseUrl).password).toBe(password)
  })

  it('that cannot be opened is an error that names it, and the next attempt is free', async () => {
    writeFileSync(join(directory, 'db'), 'no directory')
    const failure = { code: 'ORC_STORE_UNREACHABLE', message: expect.stringContaining(directory) }
    await expect(openStore({ directory })).rejects.toMatchObject(failure)
    expect(existsSync(join(directory, 'lock'))).toBe(false)
    rmSync(join(directory, 'db'))
    expect(await (await open()).query('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('below a file is an error that names it', async () => {
    writeFileSync(join(directory, 'file'), '')
    const nowhere = join(directory, 'file', '.orchestra')
    await expect(openStore({ directory: nowhere, key: '5e'.repeat(32) })).rejects.toMatchObject({
      code: 'ORC_STORE_UNREACHABLE',
      message: expect.stringContaining(nowhere),
    })
  })

  it('whose owner lives and does not answer is locked, and the owner is named', async () => {
    const holder = spawn('sleep', ['60'])
    children.push(holder)
    const stat = readFileSync(`/proc/${holder.pid}/stat`, 'utf8')
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: holder.pid, started }))
    await expect(openStore({ directory, patience: 200 })).rejects.toMatchObject({
      code: 'ORC_STORE_LOCKED',
      hint: expect.stringContaining(String(holder.pid)),
    })
  })
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function ask(connectionString: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query('select 1 as one')).rows
  } finally {
    await client.end()
  }
}
