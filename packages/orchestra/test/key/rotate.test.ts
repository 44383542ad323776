import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { toSnapshot } from '../../src/collector/index.ts'
import { type Backend, defineBackend, defineModel, type Model, secret, text } from '../../src/index.ts'
import { dropKey, keyStatus, type Progress, rotateKey } from '../../src/key/index.ts'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { keyIdOf } from '../../src/store/keyring.ts'
import { markStale, requestSync } from '../../src/sync/index.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { until } from '../support/processes.ts'
import { useWorlds, type World } from '../support/world.ts'

const Account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({ id: z.int(), password: z.string() }),
  secrets: ['password'],
})

const accounts: Backend = defineBackend({
  name: 'accounts',
  model: Account,
  save: (script, { id, password }) => script.file(`account-${id}`, text`${password}\n`),
  delete: (script, { id }) => script.absent(`account-${id}`),
})

const tables = 'create table account (id int primary key, password text not null)'

let server: PostgresServer
let directory: string
let databaseUrl: string
const opened: Store[] = []

beforeAll(async () => {
  server = await startPostgres()
}, 120_000)
afterAll(() => server.stop())

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'orchestra-rotate-'))
  databaseUrl = await server.database()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()))
  rmSync(directory, { recursive: true, force: true })
})

/** Another process, as far as keys go. */
async function open(key?: string): Promise<Store> {
  const store = await openStore({ databaseUrl, directory, key })
  opened.push(store)
  await migrate(store)
  return store
}

const build = useWorlds(() => open())
const keyFile = () => join(directory, 'key')
const keysInFile = () =>
  readFileSync(keyFile(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => keyIdOf(Buffer.from(line, 'hex')))
const never = new AbortController().signal
const rotation = (world: World, store: Store, more: Partial<Parameters<typeof rotateKey>[2]> = {}) =>
  rotateKey(store, world.config, { by: 'test', signal: never, onProgress: () => undefined, ...more })

async function sealed(store: Store): Promise<string[]> {
  const rows = await store.query<{ seal: string }>(
    `select distinct substring(value::text from '"\\$secret": "(v.:[0-9a-f]*)') as seal from (
       select snapshot as value from orchestra.placement union all select names from orchestra.placement
       union all select snapshot from orchestra.operation
       union all select payload from orchestra.change) all_of_them where value::text like '%"$secret"%'`,
  )
  return rows.map(({ seal }) => seal)
}

/** Rows of all columns that hold secrets, `v1` and `v2`. */
async function fill(store: Store, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => {
    const key = `k${index}`
    const snapshot = toSnapshot({ deep: [secret(`value ${index}`, 'x')] }, store.keyring.for('account', key))
    return {
      key,
      snapshot: index % 2 === 0 ? snapshot : { deep: [{ $secret: first(`value ${index}`), name: 'x' }] },
    }
  })
  await store.query(
    `insert into orchestra.operation (unit_id, action, model, object_key, keys, snapshot, state)
     select gen_random_uuid(), 'save', 'account', key, jsonb_build_array(key), snapshot, 'done'
     from jsonb_to_recordset($1::jsonb) as row(key text, snapshot jsonb)`,
    [JSON.stringify(rows)],
  )
}

/** As the first release sealed. */
function first(value: string): string {
  const key = Buffer.from(readFileSync(keyFile(), 'utf8').split('\n')[0] ?? '', 'hex')
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
  return `v1:${keyIdOf(key)}:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`
}

describe('a rotation', () => {
  test('seals everything anew under a worker that goes on, and nothing looks changed', async () => {
    const world = await build({ models: [Account as Model], backends: [accounts], tables })
    await world.store.query(`insert into account select n, 'password ' || n from generate_series(1, 20) n`)
    await world.work()
    await world.calm()
    const former = world.store.keyring.id
    const operator = await open()
    const done = await rotation(world, operator)
    const [keyId] = keysInFile()
    expect(done).toMatchObject({
      kind: 'rotated',
      keyId,
      formerKeyIds: [former],
      unreadable: 0,
      revisions: 20,
    })
    expect(await sealed(operator)).toEqual([`v2:${keyId}`])
    expect(world.store.keyring.id).toBe(keyId)

    const before = (await world.operations()).length
    await requestSync(world.store, { mode: 'sync', inspects: false, actor: 'test', source: 'test' })
    await world.calm()
    expect((await world.operations()).length).toBe(before)
    await dropKey(operator, former, 'test')
    expect(keysInFile()).toEqual([keyId])
    world.store.keyring.reread()
    expect(await markStale(world.store, world.config)).toEqual({ seen: 20, stale: 0 })
    await world.store.query(`update account set password = 'other' where id = 1`)
    await until(
      'the new password',
      async () => (await readFile(join(world.directory, 'here/account-1'), 'utf8')) === 'other\n',
    )
    await world.calm()
    expect(world.errors).toEqual([])
  })

  test('what is hashed with a key that is being replaced is still the same', async () => {
    const world = await build({ models: [Account as Model], backends: [accounts], tables })
    await world.store.query(`insert into account values (1, 'password 1')`)
    await world.work()
    await world.calm()
    writeFileSync(keyFile(), `${'ab'.repeat(32)}\n${readFileSync(keyFile(), 'utf8')}`, { mode: 0o600 })
    world.store.keyring.reread()
    expect(await markStale(world.store, world.config)).toEqual({ seen: 1, stale: 0 })
    const before = (await world.operations()).length
    await requestSync(world.store, { mode: 'sync', inspects: false, actor: 'test', source: 'test' })
    await world.calm()
    expect((await world.operations()).length).toBe(before)
  })

  test('what an earlier release bound to nothing is bound, page by page', async () => {
    const world = await build({ models: [Account as Model], backends: [accounts], tables })
    await fill(world.store, 1_200)
    expect(await rotation(world, await open())).toMatchObject({ kind: 'rotated', resealed: 1_200 })
    expect(await sealed(world.store)).toEqual([`v2:${keysInFile()[0]}`])
  })

  test('cut off anywhere, it goes on with the key that it has made', async () => {
    const world = await build({ models: [Account as Model], backends: [accounts], tables })
    await fill(world.store, 1_200)
    const former = world.store.keyring.id
    const made: string[] = []
    for (const step of ['key-made', 'encrypts', 'resealing'] as const) {
      const stopping = new AbortController()
      const onProgress = (progress: Progress) => {
        if ('keyId' in progress) made.push(progress.keyId)
        if (progress.step === step) stopping.abort()
      }
      const stopped = await rotation(world, await open(), { signal: stopping.signal, onProgress })
      expect(stopped.kind, step).toBe('stopped')
      const { keys, rotationTo } = await keyStatus(await open())
      expect(rotationTo).toBe(made[0])
      expect(keys.map(({ state }) => state)).not.toContain('missing')
    }
    expect((await sealed(world.store)).length).toBeGreaterThan(1)
    expect(await rotation(world, await open())).toMatchObject({ kind: 'rotated', keyId: made[0] })
    expect(new Set(made).size).toBe(1)
    expect(await sealed(world.store)).toEqual([`v2:${made[0]}`])
    expect(keysInFile()).toEqual([made[0], former])
    expect((await keyStatus(world.store)).rotationTo).toBeNull()
  })

  test.each([
    ['has only the old one', (id: string) => [id]],
    ['is of an earlier release', () => null],
  ])('encrypts nothing with a new key while a worker %s', async (_, keyIds) => {
    const world = await build({ models: [Account as Model], backends: [accounts], tables })
    await fill(world.store, 3)
    const former = world.store.keyring.id
    await world.store.query(
      `insert into orchestra.worker (id, host, pid, key_ids) values (gen_random_uuid(), 'far', 7, $1)`,
      [keyIds(former)],
    )
    const refused = await rotation(world, await open(), { patience: 0 }).catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'ORC_KEY_NOT_SHARED',
      message: expect.stringContaining('process 7 on far'),
      hint: expect.stringContaining('orchestra key rotate'),
    })
    expect(keysInFile()[0]).toBe(former)
    await world.store.query('update orchestra.worker set key_ids = $1', [keysInFile()])
    const encrypts = await rotation(world, await open(), { patience: 0 }).catch((error: unknown) => error)
    expect(encrypts).toMatchObject({
      code: 'ORC_KEY_NOT_SHARED',
      message: expect.stringContaining('do not encrypt'),
    })
    await world.store.query('update orchestra.worker set key_ids = $1', [keysInFile()])
    expect(await rotation(world, await open(), { patience: 0 })).toMatchObject({
      kind: 'rotated',
      resealed: 3,
    })
  })

  test('what no key opens stays as it is, is counted, and keeps nothing else', async () => {
    const world = await build({ models: [Account as Model], backends: [accounts], tables })
    await fill(world.store, 4)
    const lost = `"v2:00000000:${randomBytes(40).toString('base64')}"`
    await world.store.query(
      `update orchestra.operation set snapshot = jsonb_set(snapshot, '{deep,0,$secret}', $1) where object_key = 'k0'`,
      [lost],
    )
    expect(await rotation(world, await open())).toMatchObject({ kind: 'rotated', resealed: 3, unreadable: 1 })
    expect((await keyStatus(world.store)).keys).toMatchObject([
      { state: 'encrypts', rows: 3 },
      { state: 'unused', rows: 0 },
      { id: '00000000', state: 'missing', rows: 1 },
    ])
  })

  test('keys of ORCHESTRA_KEY are put in order by people: the first is rotated to', async () => {
    const world = await build({ models: [Account as Model], backends: [accounts], tables })
    await fill(world.store, 3)
    const old = readFileSync(keyFile(), 'utf8').trim()
    const fresh = createHash('sha256').update('fresh').digest('hex')
    await expect(rotation(world, await open(old))).rejects.toMatchObject({
      code: 'ORC_USAGE',
      hint: expect.stringContaining('OLD,NEW'),
    })
    const operator = await open(`${fresh},${old}`)
    expect(await rotation(world, operator)).toMatchObject({ kind: 'rotated', resealed: 3 })
    expect(await sealed(operator)).toEqual([`v2:${keyIdOf(Buffer.from(fresh, 'hex'))}`])
    await expect(dropKey(operator, keyIdOf(Buffer.from(old, 'hex')), 'test')).rejects.toMatchObject({
      code: 'ORC_USAGE',
      hint: expect.stringContaining('Take it out of ORCHESTRA_KEY'),
    })
  })
})

describe('a key', () => {
  test('that encrypts, or that something needs, is not dropped', async () => {
    const world = await build({ models: [Account as Model], backends: [accounts], tables })
    await fill(world.store, 3)
    const former = world.store.keyring.id
    await expect(dropKey(world.store, former, 'test')).rejects.toMatchObject({ code: 'ORC_KEY_IN_USE' })
    writeFileSync(keyFile(), `${'ab'.repeat(32)}\n${readFileSync(keyFile(), 'utf8')}`, { mode: 0o600 })
    world.store.keyring.reread()
    await expect(dropKey(world.store, former, 'test')).rejects.toMatchObject({
      code: 'ORC_KEY_IN_USE',
      message: `3 rows are encrypted with key ${former}`,
    })
    await expect(dropKey(world.store, 'abcdef12', 'test')).rejects.toMatchObject({ code: 'ORC_KEY_UNKNOWN' })
  })
})
