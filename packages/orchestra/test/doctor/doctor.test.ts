import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { installCapture } from '../../src/capture/index.ts'
import { defineBackend } from '../../src/config/backend.ts'
import { defineConfig } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { defineModel } from '../../src/config/model.ts'
import type { Diagnosis, Patient } from '../../src/doctor/check.ts'
import { checkKeyFile, checkNode } from '../../src/doctor/environment.ts'
import { examine, sealCanary } from '../../src/doctor/index.ts'
import { checkRights } from '../../src/doctor/rights.ts'
import { checkPause, checkRoutes, checkServers } from '../../src/doctor/servers.ts'
import { checkCapture, checkKey, checkMigrations } from '../../src/doctor/store.ts'
import { checkWork, checkWorker } from '../../src/doctor/work.ts'
import { addServer } from '../../src/fleet/index.ts'
import { addRoute } from '../../src/router/index.ts'
import { holdServer, pause, recordPresentedKey } from '../../src/server/index.ts'
import type { Store } from '../../src/store/index.ts'
import { Keyring } from '../../src/store/keyring.ts'
import { describeStores } from '../support/stores.ts'

const Site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({ id: z.number(), plan: z.string() }),
})
const page = defineBackend({ name: 'page', model: Site, save: () => undefined })
const config = defineConfig({ models: [Site], backends: [page] })
const presented = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'

const problems = (findings: readonly Diagnosis[]) =>
  findings.filter(({ state }) => state === 'problem').map(({ message }) => message)

describeStores('doctor', (open) => {
  let store: Store
  let patient: Patient

  beforeEach(async () => {
    store = await open()
    patient = { store, loaded: { config, path: 'orchestra.config.ts' } }
    await store.query('create table site (id int primary key, plan text not null)')
    await installCapture(store, [Site])
  })

  test('finds nothing wrong where nothing is', async () => {
    await sealCanary(store)
    await addServer(store, { name: 'here', method: 'local', by: 'me' })
    await addRoute(store, config, { backend: 'page', server: 'here', by: 'me' })
    await store.query(`insert into orchestra.worker (id, host, pid) values (gen_random_uuid(), 'a', 1)`)
    const checks = [
      checkKey,
      checkRights,
      checkCapture,
      checkServers,
      checkRoutes,
      checkPause,
      checkWorker,
      checkWork,
    ]
    for (const check of checks) expect(problems(await check(patient))).toEqual([])
    expect((await checkMigrations(store)).state).toBe('ok')
  })

  test('finds a watched table without its trigger, and one whose trigger is disabled', async () => {
    const [trigger] = await store.query<{ name: string }>(
      `select tgname as name from pg_trigger where tgrelid = 'site'::regclass and not tgisinternal order by tgname`,
    )
    await store.query(`alter table site disable trigger "${trigger?.name}"`)
    expect(problems(await checkCapture(patient))[0]).toContain('is disabled')
    await store.query(`drop trigger "${trigger?.name}" on site`)
    const [missing] = await checkCapture(patient)
    expect(missing?.message).toContain('has no trigger')
    expect(missing?.hint).toMatch(/`orchestra up` installs it, and then compares all objects/)
    expect(missing?.hint).not.toContain('another change')
  })

  test('finds trigger functions that a superuser owns', async () => {
    const [found] = await store.query<{ name: string }>(
      `select p.oid::regprocedure::text as name from pg_proc p where p.proname like 'capture\\_%'`,
    )
    expect(problems(await checkRights(patient))).toEqual([])
    await store.query(`alter function ${found?.name} owner to postgres`)
    const [finding] = await checkRights(patient)
    expect(finding?.message).toBe('trigger functions belong to postgres, a superuser')
    expect(finding?.hint).toContain('orchestra grants')
  })

  test('finds a missing column and a missing table', async () => {
    await store.query('alter table site rename id to number')
    expect(problems(await checkCapture(patient))).toEqual([expect.stringContaining('no column "id"')])
    await store.query('drop table site')
    expect(problems(await checkCapture(patient))).toEqual([expect.stringContaining('does not exist')])
  })

  test('finds a wrong key', async () => {
    await sealCanary(store)
    const other = { ...patient, store: { ...store, keyring: new Keyring(new Uint8Array(32)) } }
    const [finding] = await checkKey(other)
    expect(finding).toMatchObject({ state: 'problem', message: expect.stringContaining('Wrong key') })
  })

  test('finds servers that are held, or whose host key nobody approved', async () => {
    const server = await addServer(store, { name: 'web1', by: 'me' })
    expect(problems(await checkServers(patient))).toEqual([expect.stringContaining('no approved host key')])
    await recordPresentedKey(store, server.id, presented)
    await holdServer(store, 'web1', { by: 'alice', reason: 'new disk' })
    const findings = await checkServers(patient)
    expect(findings[0]?.hint).toMatch(/orchestra server approve web1 SHA256:/)
    expect(findings[1]?.message).toMatch(/web1 is held by alice since .*: new disk/)
  })

  test('finds routes that lead nowhere, and backends without one', async () => {
    expect(problems(await checkRoutes(patient))).toEqual(['no route leads from backend page to a server'])
    const server = await addServer(store, { name: 'here', method: 'local', by: 'me' })
    await addRoute(store, config, { backend: 'page', server: 'here', match: 'site.plan == "pro"', by: 'me' })
    await store.query(`insert into orchestra.route (backend, server_id) values ('gone', $1)`, [server.id])
    expect(problems(await checkRoutes(patient))).toEqual([
      expect.stringContaining('there is no backend gone'),
    ])
    const Other = defineModel({ name: 'site', table: 'site', schema: z.object({ id: z.number() }) })
    const changed = defineConfig({
      models: [Other],
      backends: [defineBackend({ name: 'page', model: Other, save: () => undefined })],
    })
    const findings = await checkRoutes({ store, loaded: { config: changed, path: '' } })
    expect(problems(findings)).toContainEqual(expect.stringContaining('no field `plan`'))
    await addRoute(store, config, { backend: 'page', tags: ['web'], by: 'me' })
    expect(problems(await checkRoutes(patient))).toContainEqual(
      expect.stringContaining('(page to tag web) leads to no server'),
    )
    await store.query('update orchestra.server set removed_at = now()')
    expect(problems(await checkRoutes(patient))).toContainEqual(
      expect.stringContaining('removed server here'),
    )
  })

  test('finds a pause, a missing worker and changes that nobody looks at', async () => {
    await pause(store, { by: 'alice', reason: 'storage' })
    expect(problems(await checkPause(patient))).toEqual([expect.stringContaining('paused by alice')])
    await store.query(
      `insert into orchestra.worker (id, host, pid, seen_at) values (gen_random_uuid(), 'a', 1, now() - interval '1 minute')`,
    )
    expect(problems(await checkWorker(patient))).toHaveLength(1)
    await store.query(
      `insert into orchestra.change (unit_id, model, keys, at) values (gen_random_uuid(), 'site', '[["1"]]', now() - interval '1 hour')`,
    )
    expect(problems(await checkWork(patient))).toEqual([expect.stringContaining('are not looked at yet')])
  })

  test('finds pending migrations', async () => {
    await store.query('delete from orchestra.migration')
    expect(await checkMigrations(store)).toMatchObject({
      state: 'problem',
      hint: expect.stringContaining('orchestra up'),
    })
  })
})

describe('the environment', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-doctor-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('needs a Node that is new enough', () => {
    expect(checkNode('22.17.1').state).toBe('problem')
    expect(checkNode('22.18.0').state).toBe('ok')
    expect(checkNode('24.0.0').state).toBe('ok')
  })

  test('needs a key file that nobody else can read', () => {
    const path = join(directory, 'key')
    expect(checkKeyFile(path)).toBeUndefined()
    writeFileSync(path, '')
    chmodSync(path, 0o644)
    expect(checkKeyFile(path)).toMatchObject({ state: 'problem', hint: `chmod 600 ${path}` })
    chmodSync(path, 0o600)
    expect(checkKeyFile(path)?.state).toBe('ok')
  })

  test('without a configuration nothing else is checked', async () => {
    const findings = await examine({ load: () => loadConfig(undefined, directory), environment: {} })
    expect(findings.map(({ check, state }) => `${check} ${state}`)).toEqual([
      'node ok',
      'configuration problem',
    ])
  })
})
