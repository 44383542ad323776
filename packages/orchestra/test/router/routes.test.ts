import { expect, it } from 'vitest'
import { addServer, removeServer } from '../../src/fleet/index.ts'
import {
  addRoute,
  CurrentRouter,
  disableRoute,
  enableRoute,
  listRoutes,
  removeRoute,
  routesRevision,
} from '../../src/router/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { aSite, config } from './sites.ts'

const by = 'tester'

describeStores('routes', (open) => {
  async function openWithServers(): Promise<Store> {
    const store = await open()
    for (const name of ['web1', 'web2']) await addServer(store, { name, by })
    return store
  }

  it('are added, listed, disabled, enabled and removed, each with its audit entry', async () => {
    const store = await openWithServers()
    const all = await addRoute(store, config, { backend: 'www', server: 'web1', by })
    const pro = await addRoute(store, config, {
      backend: 'www',
      server: 'web2',
      match: 'site.plan == "pro"',
      by,
    })
    expect(all).toMatchObject({ backend: 'www', server: 'web1', match: 'true', enabled: true })
    expect(await listRoutes(store)).toEqual([all, pro])

    expect(await disableRoute(store, pro.id, { by })).toEqual({ ...pro, enabled: false })
    expect(await listRoutes(store)).toEqual([all, { ...pro, enabled: false }])
    expect(await enableRoute(store, pro.id, { by })).toEqual(pro)
    expect(await removeRoute(store, all.id, { by })).toEqual(all)
    expect(await listRoutes(store)).toEqual([pro])

    const audit = await store.query(
      `select actor, action, target from orchestra.audit where target like 'route:%' order by id`,
    )
    expect(audit).toEqual([
      { actor: by, action: 'route.add', target: `route:${all.id}` },
      { actor: by, action: 'route.add', target: `route:${pro.id}` },
      { actor: by, action: 'route.disable', target: `route:${pro.id}` },
      { actor: by, action: 'route.enable', target: `route:${pro.id}` },
      { actor: by, action: 'route.remove', target: `route:${all.id}` },
    ])
  })

  it('are refused when they name what does not exist or does not fit, and leave nothing', async () => {
    const store = await openWithServers()
    const add = (route: { backend?: string; server?: string; match?: string }) =>
      addRoute(store, config, { backend: 'www', server: 'web1', by, ...route })
    await expect(add({ backend: 'mail' })).rejects.toMatchObject({
      code: 'ORC_BACKEND_UNKNOWN',
      hint: expect.stringContaining('www, dns'),
    })
    await expect(add({ server: 'web3' })).rejects.toMatchObject({ code: 'ORC_SERVER_UNKNOWN' })
    await expect(add({ match: 'site.plann == 1' })).rejects.toMatchObject({ code: 'ORC_ROUTE_INVALID' })
    await removeServer(store, 'web2', { by })
    await expect(add({ server: 'web2' })).rejects.toMatchObject({ code: 'ORC_SERVER_UNKNOWN' })
    expect(await listRoutes(store)).toEqual([])
    expect(await routesRevision(store)).toBe(1)
  })

  it('that do not exist are named', async () => {
    const store = await open()
    for (const change of [disableRoute, enableRoute, removeRoute]) {
      await expect(change(store, 7, { by })).rejects.toMatchObject({
        code: 'ORC_ROUTE_UNKNOWN',
        message: 'There is no route 7',
      })
    }
  })

  it('are in the router at once, which is compiled only when they changed', async () => {
    const store = await openWithServers()
    const current = new CurrentRouter(config.backends.values())
    const first = await current.get(store)
    expect(first.route('www', aSite).serverIds).toEqual([])
    const { serverId } = await addRoute(store, config, { backend: 'www', server: 'web1', by })
    const second = await current.get(store)
    expect(second.route('www', aSite).serverIds).toEqual([serverId])
    expect(await current.get(store)).toBe(second)
    await removeServer(store, 'web1', { by, force: true })
    expect((await current.get(store)).route('www', aSite).serverIds).toEqual([])
  })

  it('tell every listener when they change', async () => {
    const store = await openWithServers()
    const heard = new Set<string>()
    const { promise, resolve } = Promise.withResolvers<void>()
    const ready = Promise.withResolvers<void>()
    const listener = store.listen(['orchestra_control', 'orchestra_wake'], (channel, payload) => {
      if (channel === 'orchestra_wake' && payload === '') ready.resolve()
      heard.add(`${channel} ${payload}`)
      if (heard.has('orchestra_control routes')) resolve()
    })
    await ready.promise
    await addRoute(store, config, { backend: 'www', server: 'web1', by })
    await promise
    await listener.close()
  })
})
