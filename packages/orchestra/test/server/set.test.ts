import { expect, it } from 'vitest'
import { addServer, setServer } from '../../src/fleet/index.ts'
import { fingerprint } from '../../src/methods/host-key.ts'
import { addRoute } from '../../src/router/index.ts'
import { approveKey, getServer, recordPresentedKey, toTarget } from '../../src/server/index.ts'
import { config } from '../router/sites.ts'
import { describeStores } from '../support/stores.ts'

const by = 'tester'
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHZ5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5'
const otherKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG90aGVyb3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90'

describeStores('a server that is set', (open) => {
  it('keeps all that is not named, and tells the audit what was otherwise', async () => {
    const store = await open()
    await addServer(store, { name: 'web1', identityFile: '/k', directory: '/srv', by })
    const { server, moved } = await setServer(store, 'web1', { host: '203.0.113.9', directory: null, by })
    expect(moved).toBe(true)
    expect(toTarget(server)).toEqual({
      name: 'web1',
      method: 'ssh',
      host: '203.0.113.9',
      port: 22,
      user: 'root',
      sudo: false,
      hostKey: null,
      identityFile: '/k',
      directory: null,
    })
    await setServer(store, 'web1', { host: '203.0.113.9', by })
    const full = await setServer(store, 'web1', { host: 'deploy@[fd00::1]:2222', by })
    expect(full.server).toMatchObject({ host: 'fd00::1', port: 2222, login: 'deploy' })
    expect((await setServer(store, 'web1', { tag: ['x'], by })).server).toMatchObject({
      host: 'fd00::1',
      port: 2222,
    })
    const audit = await store.query(
      `select detail from orchestra.audit where action = 'server.set' order by id limit 1`,
    )
    expect(audit).toEqual([{ detail: { host: ['web1', '203.0.113.9'], directory: ['/srv', null] } }])
  })

  it('keeps its approved key at another address, and forgets one that nobody approved', async () => {
    const store = await open()
    const { id } = await addServer(store, { name: 'web1', by })
    await recordPresentedKey(store, id, key)
    await setServer(store, 'web1', { port: 2222, by })
    await expect(approveKey(store, 'web1', fingerprint(key), { by })).rejects.toMatchObject({
      code: 'ORC_HOST_KEY_UNKNOWN',
    })
    await recordPresentedKey(store, id, key)
    await approveKey(store, 'web1', fingerprint(key), { by })
    await recordPresentedKey(store, id, otherKey)
    await setServer(store, 'web1', { host: 'other.example', by })
    expect(await getServer(store, 'web1')).toMatchObject({ host_key: key, presented_key: key })
    await recordPresentedKey(store, id, otherKey)
    await setServer(store, 'web1', { user: 'deploy', by })
    expect(await getServer(store, 'web1')).toMatchObject({ host_key: key, presented_key: otherKey })
  })

  it('uses sudo as its login needs it, unless somebody chose', async () => {
    const store = await open()
    await addServer(store, { name: 'web1', by })
    await addServer(store, { name: 'web2', user: 'deploy', sudo: false, by })
    const sudo = async (name: string, change: object) =>
      (await setServer(store, name, { ...change, by })).server.sudo
    expect(await sudo('web1', { user: 'deploy' })).toBe(true)
    expect(await sudo('web1', { user: 'root' })).toBe(false)
    expect(await sudo('web2', { user: 'other' })).toBe(false)
    expect(await sudo('web2', { sudo: true })).toBe(true)
  })

  it('has the address of this machine with a method that runs here, and its own again with one that does not', async () => {
    const store = await open()
    await addServer(store, { name: 'web1', host: '203.0.113.9', port: 2222, by })
    expect((await setServer(store, 'web1', { method: 'local', by })).server).toMatchObject({
      host: 'localhost',
      port: 0,
    })
    expect((await setServer(store, 'web1', { method: 'ssh', by })).server).toMatchObject({
      host: 'web1',
      port: 22,
    })
    await expect(setServer(store, 'web1', { host: '-oProxyCommand=x', by })).rejects.toMatchObject({
      code: 'ORC_SERVER_INVALID',
    })
    await expect(setServer(store, 'web2', { port: 1, by })).rejects.toMatchObject({
      code: 'ORC_SERVER_UNKNOWN',
    })
  })

  it('gets and loses tags, each once, and lets backends be compared whose routes may ask for them', async () => {
    const store = await open()
    await addServer(store, { name: 'web1', tags: ['web', 'eu', 'web'], by })
    await addRoute(store, config, { backend: 'www', tags: ['web'], by })
    await addRoute(store, config, { backend: 'dns', server: 'web1', by })
    await store.query(`update orchestra.sync set state = 'done', ended_at = now()`)
    const { server } = await setServer(store, 'web1', { tag: ['us', 'eu'], untag: ['web'], by })
    expect(server.tags).toEqual(['eu', 'us'])
    const syncs = await store.query(`select backend, source from orchestra.sync where ended_at is null`)
    expect(syncs).toEqual([{ backend: 'www', source: 'server.set' }])
    await expect(setServer(store, 'web1', { tag: ['B ad'], by })).rejects.toMatchObject({
      code: 'ORC_SERVER_INVALID',
    })
    await expect(addRoute(store, config, { backend: 'www', by })).rejects.toMatchObject({ code: 'ORC_USAGE' })
    await expect(
      addRoute(store, config, { backend: 'www', server: 'web1', tags: ['web'], by }),
    ).rejects.toMatchObject({
      code: 'ORC_USAGE',
    })
  })
})
