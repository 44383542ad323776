import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRouter, type Route, routeErrorMessage } from '../../src/router/index.ts'
import { aSite, dns, route, www } from './sites.ts'

const backends = [www, dns]
const everything = route({ id: 1, serverId: 1 })
const byField = route({ id: 2, serverId: 2, match: 'site.plan == "pro"' })
const neverHere = route({ id: 3, serverId: 3, match: 'site.plan == "free"' })

function serversOf(...routes: Route[]): number[] {
  return createRouter(backends, routes).route('www', aSite).serverIds
}

describe('route', () => {
  it('counts one server for a route that matches everything', () => {
    expect(serversOf(everything)).toEqual([1])
  })

  it('counts two with a second route that matches by a field', () => {
    expect(serversOf(everything, byField)).toEqual([1, 2])
  })

  it('still counts two with a third that does not match', () => {
    expect(serversOf(everything, byField, neverHere)).toEqual([1, 2])
  })

  it('counts a server once that two routes lead to', () => {
    expect(serversOf(everything, route({ id: 4, serverId: 1, match: 'site.active' }))).toEqual([1])
  })

  it('counts none without a route, and none for a backend it does not know', () => {
    expect(serversOf()).toEqual([])
    expect(createRouter(backends, [everything]).route('mail', aSite)).toEqual({
      serverIds: [],
      heldServerIds: [],
      errors: [],
    })
  })

  it('asks only the routes of its backend', () => {
    const router = createRouter(backends, [everything, route({ id: 5, backend: 'dns', serverId: 9 })])
    expect(router.route('www', aSite).serverIds).toEqual([1])
    expect(router.route('dns', aSite).serverIds).toEqual([9])
  })

  it('holds work for a server that only a disabled route leads to', () => {
    const disabled = route({ id: 6, serverId: 2, enabled: false })
    expect(createRouter(backends, [everything, disabled]).route('www', aSite)).toEqual({
      serverIds: [1],
      heldServerIds: [2],
      errors: [],
    })
    expect(createRouter(backends, [byField, disabled]).route('www', aSite).heldServerIds).toEqual([])
  })

  it('does not hold work for a disabled route that does not match', () => {
    const router = createRouter(backends, [{ ...neverHere, enabled: false }])
    expect(router.route('www', aSite).heldServerIds).toEqual([])
  })

  it('names route, object and reason where a route cannot tell, and evaluates the others', () => {
    const failing = route({ id: 7, serverId: 3, match: 'site.note.startsWith("x")' })
    const routing = createRouter(backends, [failing, byField]).route('www', { ...aSite, note: null })
    expect(routing.serverIds).toEqual([2])
    expect(routing.errors.map((error) => routeErrorMessage(error, 'site:12'))).toEqual([
      expect.stringMatching(
        /^Route 7 \(www to web3, site\.note\.startsWith\("x"\)\) fails for site:12: .*site\.note is null$/,
      ),
    ])
  })

  it('lets work wait for a disabled route that cannot tell', () => {
    const failing = route({ id: 7, serverId: 3, match: 'site.note.startsWith("x")', enabled: false })
    const routing = createRouter(backends, [failing]).route('www', { ...aSite, note: null })
    expect(routing).toEqual({ serverIds: [], heldServerIds: [3], errors: [] })
  })

  it('fails the objects of a route that no longer fits its model, and no others', () => {
    const stale = route({ id: 8, serverId: 3, match: 'site.gone == 1' })
    const router = createRouter(backends, [stale, everything, route({ id: 9, backend: 'dns' })])
    expect(router.route('www', aSite)).toMatchObject({ serverIds: [1], errors: [{ route: stale }] })
    expect(router.route('dns', aSite).errors).toEqual([])
    expect(router.problems).toMatchObject([
      { route: stale, reason: expect.stringContaining('no field `gone`') },
    ])
  })

  it('reports a route whose backend is gone', () => {
    const orphan = route({ backend: 'mail' })
    expect(createRouter(backends, [orphan]).problems).toEqual([
      { route: orphan, reason: 'there is no backend mail' },
    ])
  })

  it('reports an object that does not fit its schema instead of throwing', () => {
    const routing = createRouter(backends, [byField]).route('www', { ...aSite, id: 1.5 })
    expect(routing.errors[0]?.reason).toContain('does not fit its schema')
  })

  it('answers, for any routes, the servers whose predicates hold', () => {
    const limits = fc.array(
      fc.record({ serverId: fc.integer({ min: 1, max: 4 }), above: fc.integer(), enabled: fc.boolean() }),
    )
    fc.assert(
      fc.property(limits, fc.integer(), (wanted, id) => {
        const routes = wanted.map(({ serverId, above, enabled }, index) =>
          route({ id: index, serverId, enabled, match: `site.id > ${above}` }),
        )
        const { serverIds, heldServerIds, errors } = createRouter(backends, routes).route('www', {
          ...aSite,
          id,
        })
        const idsOf = (enabled: boolean) =>
          new Set(
            wanted.filter((one) => one.enabled === enabled && id > one.above).map((one) => one.serverId),
          )
        expect(new Set(serverIds)).toEqual(idsOf(true))
        expect(heldServerIds.toSorted()).toEqual(
          [...idsOf(false)].filter((one) => !idsOf(true).has(one)).toSorted(),
        )
        expect(serverIds).toHaveLength(new Set(serverIds).size)
        expect(errors).toEqual([])
      }),
      { numRuns: 50 },
    )
  })
})

describe('explain', () => {
  it('tells for every backend of the model what each route says and what it read', () => {
    const disabled = route({ id: 6, backend: 'dns', enabled: false })
    const failing = route({ id: 7, serverId: 3, match: 'site.owner.id == 3' })
    const router = createRouter(backends, [byField, neverHere, failing, disabled])
    const explained = router.explain('site', { ...aSite, owner: null })
    expect(explained).toMatchObject([
      { backend: 'www', route: byField, verdict: 'matched', reads: [{ field: 'site.plan', value: 'pro' }] },
      {
        backend: 'www',
        route: neverHere,
        verdict: 'not-matched',
        reads: [{ field: 'site.plan', value: 'pro' }],
      },
      { backend: 'www', route: failing, verdict: { error: expect.stringContaining('site.owner is null') } },
      { backend: 'dns', route: disabled, verdict: 'matched', reads: [] },
    ])
    expect(router.explain('mailbox', aSite)).toEqual([])
  })
})
