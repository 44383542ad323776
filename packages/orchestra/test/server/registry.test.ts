import { userInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { addServer, removeServer } from '../../src/fleet/index.ts'
import { fingerprint } from '../../src/methods/host-key.ts'
import { addRoute, disableRoute, enableRoute, listRoutes, removeRoute } from '../../src/router/index.ts'
import {
  approveKey,
  getServer,
  holdServer,
  isPaused,
  listAudit,
  listServers,
  pause,
  recordPresentedKey,
  releaseOverdue,
  releaseServer,
  resume,
  toTarget,
} from '../../src/server/index.ts'
import type { Store } from '../../src/store/index.ts'
import { config } from '../router/sites.ts'
import { describeStores } from '../support/stores.ts'

const by = 'tester'
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHZ5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5'
const otherKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG90aGVyb3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90'

async function actionsOf(store: Store): Promise<string[]> {
  const rows = await store.query<{ action: string }>('select action from orchestra.audit order by id')
  return rows.map((row) => row.action)
}

async function laneDue(store: Store): Promise<boolean[]> {
  const rows = await store.query<{ due: boolean }>(
    'select due_at <= now() as due from orchestra.lane order by server_id',
  )
  return rows.map((row) => row.due)
}

describeStores('the server registry', (open) => {
  it('records the system user where nobody says who does it', async () => {
    const store = await open()
    await addServer(store, { name: 'web1', method: 'local' })
    const route = await addRoute(store, config, { backend: 'www', server: 'web1' })
    expect((await holdServer(store, 'web1')).held_by).toBe(userInfo().username)
    await releaseServer(store, 'web1')
    await disableRoute(store, route.id)
    await enableRoute(store, route.id)
    await removeRoute(store, route.id)
    await removeServer(store, 'web1')
    expect((await pause(store, { reason: 'storage' })).by).toBe(userInfo().username)
    await resume(store)
    const actors = await store.query('select distinct actor from orchestra.audit')
    expect(actors).toEqual([{ actor: userInfo().username }])
  })

  describe('servers', () => {
    it('are added with defaults and a lane of their own', async () => {
      const store = await open()
      const row = await addServer(store, { name: 'web1.example.com', by })
      expect(toTarget(row)).toEqual({
        name: 'web1.example.com',
        method: 'ssh',
        host: 'web1.example.com',
        port: 22,
        user: 'root',
        sudo: false,
        hostKey: null,
        identityFile: null,
        directory: null,
      })
      expect(await store.query('select server_id, fence from orchestra.lane')).toEqual([
        { server_id: row.id, fence: 0 },
      ])
      expect(await actionsOf(store)).toEqual(['server.add'])
    })

    it('keep what they are given, and use sudo for a login that is not root', async () => {
      const store = await open()
      const options = {
        name: 'web2',
        method: 'openssh',
        host: '10.0.0.2',
        port: 2222,
        user: 'deploy',
      } as const
      const row = await addServer(store, { ...options, identityFile: '/keys/web2', directory: '/srv', by })
      const given = { ...options, sudo: true, identityFile: '/keys/web2', directory: '/srv', hostKey: null }
      expect(toTarget(row)).toEqual(given)
      expect(toTarget(await addServer(store, { name: 'here', method: 'local', by }))).toMatchObject({
        host: 'localhost',
        port: 0,
      })
    })

    it('are refused when they make no sense, and leave nothing', async () => {
      const store = await open()
      await expect(addServer(store, { name: 'web 1', by })).rejects.toMatchObject({
        code: 'ORC_SERVER_INVALID',
      })
      expect(await store.query('select 1 from orchestra.server, orchestra.lane, orchestra.audit')).toEqual([])
    })

    it('have names of their own, which are free again after removal', async () => {
      const store = await open()
      const first = await addServer(store, { name: 'web1', by })
      await expect(addServer(store, { name: 'web1', by })).rejects.toMatchObject({
        code: 'ORC_SERVER_EXISTS',
      })
      await removeServer(store, 'web1', { by })
      await expect(getServer(store, 'web1')).rejects.toMatchObject({ code: 'ORC_SERVER_UNKNOWN' })
      const second = await addServer(store, { name: 'web1', by })
      expect(second.id).not.toBe(first.id)
      expect((await listServers(store)).map(({ id }) => id)).toEqual([second.id])
    })

    it('are held with a reason and released, due at once', async () => {
      const store = await open()
      await addServer(store, { name: 'web1', by })
      await store.query(`update orchestra.lane set due_at = 'infinity'`)
      const held = await holdServer(store, 'web1', { by, reason: 'new disks' })
      expect(held).toMatchObject({ held_by: by, held_reason: 'new disks', held_at: expect.any(Date) })
      expect(await laneDue(store)).toEqual([false])
      const released = await releaseServer(store, 'web1', { by })
      expect(released).toMatchObject({ held_by: null, held_reason: null, held_at: null })
      expect(await laneDue(store)).toEqual([true])
      expect(await actionsOf(store)).toEqual(['server.add', 'server.hold', 'server.release'])
    })

    it('are released when their time is up, once and not before', async () => {
      const store = await open()
      await addServer(store, { name: 'web1', by })
      await addServer(store, { name: 'web2', by })
      await store.query(`update orchestra.lane set due_at = 'infinity'`)
      const until = new Date(Date.now() + 3_600_000)
      expect(await holdServer(store, 'web1', { by, until })).toMatchObject({ hold_ends: until })
      await holdServer(store, 'web2', { by })
      await releaseOverdue(store)
      expect((await listServers(store)).map(({ held_at }) => held_at === null)).toEqual([false, false])
      await store.query('update orchestra.server set held_until = now() where held_until is not null')
      await Promise.all([releaseOverdue(store), releaseOverdue(store)])
      expect((await listServers(store)).map(({ held_at }) => held_at === null)).toEqual([true, false])
      expect(await laneDue(store)).toEqual([true, false])
      const entries = await listAudit(store, { action: 'server.release' })
      expect(entries).toMatchObject([{ by: 'orchestra', target: 'web1' }])
      // Who holds it anew without an end is not bound by the one before.
      await holdServer(store, 'web2', { by, until })
      expect(await holdServer(store, 'web2', { by })).toMatchObject({ hold_ends: null })
      // As an earlier release does, which knows of no ends.
      await holdServer(store, 'web1', { by, until })
      await store.query(
        `update orchestra.server set held_at = now() + interval '1 second', held_by = 'bo' where name = 'web1'`,
      )
      await store.query('update orchestra.server set held_until = now() where held_until is not null')
      await releaseOverdue(store)
      expect((await listServers(store))[0]).toMatchObject({ held_by: 'bo', hold_ends: null })
    })

    it('that are unknown are named by every change', async () => {
      const store = await open()
      const unknown = { code: 'ORC_SERVER_UNKNOWN', message: 'No server "nope" is registered' }
      await expect(holdServer(store, 'nope', { by, reason: '' })).rejects.toMatchObject(unknown)
      await expect(releaseServer(store, 'nope', { by })).rejects.toMatchObject(unknown)
      await expect(approveKey(store, 'nope', 'SHA256:x', { by })).rejects.toMatchObject(unknown)
      await expect(removeServer(store, 'nope', { by })).rejects.toMatchObject(unknown)
    })

    it('get the key approved that they presented, by its fingerprint only', async () => {
      const store = await open()
      const { id } = await addServer(store, { name: 'web1', by })
      const approve = (approved: string) => approveKey(store, 'web1', approved, { by })
      const refused = { code: 'ORC_HOST_KEY_UNKNOWN' }
      await expect(approve(fingerprint(key))).rejects.toMatchObject(refused)
      await recordPresentedKey(store, id, key)
      await expect(approve(fingerprint(otherKey))).rejects.toMatchObject(refused)
      expect((await getServer(store, 'web1')).host_key).toBeNull()
      expect((await approve(fingerprint(key))).host_key).toBe(key)

      await recordPresentedKey(store, id, otherKey)
      expect((await getServer(store, 'web1')).host_key).toBe(key)
      expect((await approve(fingerprint(otherKey))).host_key).toBe(otherKey)
      const [last] = await store.query('select detail from orchestra.audit order by id desc limit 1')
      expect(last).toEqual({ detail: { fingerprint: fingerprint(otherKey), replaced: fingerprint(key) } })
    })

    it('record a key that is presented again only once', async () => {
      const store = await open()
      const { id } = await addServer(store, { name: 'web1', by })
      await recordPresentedKey(store, id, key)
      await recordPresentedKey(store, id, key)
      await approveKey(store, 'web1', fingerprint(key), { by })
      await approveKey(store, 'web1', fingerprint(key), { by })
      expect(await actionsOf(store)).toEqual(['server.add', 'server.key-presented', 'server.approve'])
    })
  })

  describe('removing a server', () => {
    async function openInUse(): Promise<{ store: Store; id: number }> {
      const store = await open()
      const { id } = await addServer(store, { name: 'web1', by })
      await addRoute(store, config, { backend: 'www', server: 'web1', by })
      await store.query(
        `insert into orchestra.operation (unit_id, server_id, backend, action, model, object_key, keys, state)
       select gen_random_uuid(), $1, 'www', 'save', 'site', state, '["1"]', state
       from unnest(array['waiting', 'running', 'done']) as state`,
        [id],
      )
      await store.query(
        `insert into orchestra.placement (backend, server_id, model, object_key, keys, identity)
       values ('www', $1, 'site', '1', '["1"]', '1')`,
        [id],
      )
      return { store, id }
    }

    it('is refused while it has routes, open work or objects, and says how much', async () => {
      const { store } = await openInUse()
      await expect(removeServer(store, 'web1', { by })).rejects.toMatchObject({
        code: 'ORC_SERVER_IN_USE',
        message: 'Server web1 has 1 routes, 2 open operations and 1 placed objects: site:1',
      })
      expect(await listRoutes(store)).toHaveLength(1)
      expect(await listServers(store)).toHaveLength(1)
    })

    it('leaves no route behind, however it meets one that is being added', async () => {
      const store = await open()
      for (let round = 0; round < 10; round++) {
        await addServer(store, { name: 'web1', by })
        const adding = addRoute(store, config, { backend: 'www', server: 'web1', by })
        const removing = removeServer(store, 'web1', { by, force: true })
        const [added, removed] = await Promise.allSettled([adding, removing])
        expect(removed.status).toBe('fulfilled')
        if (added.status === 'rejected') expect(added.reason).toMatchObject({ code: 'ORC_SERVER_UNKNOWN' })
        expect(await store.query('select 1 from orchestra.route')).toEqual([])
      }
    })

    it('takes its routes and placements with it by force, and revokes what waits', async () => {
      const { store, id } = await openInUse()
      const removal = await removeServer(store, 'web1', { by, force: true })
      expect(removal).toEqual({
        routes: 1,
        operations: 1,
        placements: 1,
        kept: 0,
        remnants: 0,
        transfers: 0,
        findings: 0,
      })
      expect(await listRoutes(store)).toEqual([])
      expect(await listServers(store)).toEqual([])
      expect(await store.query('select 1 from orchestra.placement')).toEqual([])
      const operations = await store.query(
        'select object_key as was, state, outcome from orchestra.operation where server_id = $1 order by id',
        [id],
      )
      expect(operations).toEqual([
        { was: 'waiting', state: 'done', outcome: 'revoked' },
        { was: 'running', state: 'running', outcome: null },
        { was: 'done', state: 'done', outcome: null },
      ])
    })
  })

  describe('the global pause', () => {
    it('tells who, when and why until it is ended', async () => {
      const store = await open()
      expect(await isPaused(store)).toBeUndefined()
      const value = await pause(store, { by, reason: 'moving' })
      expect(await isPaused(store)).toEqual(value)
      expect(value).toMatchObject({ by, reason: 'moving' })
      await pause(store, { by: 'other', reason: 'still moving' })
      expect(await isPaused(store)).toMatchObject({ by: 'other' })
      expect(await resume(store, { by })).toBe(true)
      expect(await resume(store, { by })).toBe(false)
      expect(await isPaused(store)).toBeUndefined()
      expect(await actionsOf(store)).toEqual(['pause', 'pause', 'resume'])
    })
  })
})
