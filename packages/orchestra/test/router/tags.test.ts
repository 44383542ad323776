import { describe, expect, it } from 'vitest'
import { compileMatch, createRouter, type Route, type RoutedServer } from '../../src/router/index.ts'
import { aSite, route, site, www } from './sites.ts'

const servers: RoutedServer[] = [
  { id: 1, name: 'web1', tags: ['eu', 'web'] },
  { id: 2, name: 'web2', tags: ['us', 'web'] },
  { id: 3, name: 'dns1', tags: ['eu'] },
]

function toTags(tags: string[], match = 'true', enabled = true): Route {
  return route({ serverId: null, server: null, tags, match, enabled })
}

function serversOf(object: object, ...routes: Route[]): number[] {
  return createRouter([www], routes, servers).route('www', { ...aSite, ...object }).serverIds
}

describe('a route to tags', () => {
  it('leads to every server that has all of them', () => {
    expect(serversOf({}, toTags(['web']))).toEqual([1, 2])
    expect(serversOf({}, toTags(['eu', 'web']))).toEqual([1])
    expect(serversOf({}, toTags(['mail']))).toEqual([])
  })

  it('leads to those of them on which its expression matches', () => {
    expect(serversOf({ domain: 'web2' }, toTags(['web'], 'server.name == site.domain'))).toEqual([2])
    expect(
      serversOf({ domain: 'web2' }, toTags(['web'], 'site.domain == server.name && site.active')),
    ).toEqual([2])
    expect(serversOf({ domain: 'dns1' }, toTags(['web'], 'server.name == site.domain'))).toEqual([])
    expect(serversOf({ tags: ['web1', 'web2', 'x'] }, toTags(['web'], 'server.name in site.tags'))).toEqual([
      1, 2,
    ])
    expect(serversOf({ note: 'us' }, toTags(['web'], 'site.note in server.tags'))).toEqual([2])
    expect(serversOf({ note: null }, toTags(['web'], 'site.note == server.name'))).toEqual([])
  })

  it('asks as much of a server that is named otherwise', () => {
    expect(serversOf({ domain: 'web2' }, toTags(['web'], 'server.name != site.domain'))).toEqual([1])
    expect(
      serversOf({ domain: 'web2' }, toTags(['web'], 'server.name == site.domain || site.active')),
    ).toEqual([1, 2])
  })

  it('fails an object once that it cannot tell for, however many servers there are, and none where there is no server', () => {
    const failing = toTags(['web'], 'site.note.startsWith(server.name)')
    const routing = createRouter([www], [failing], servers).route('www', { ...aSite, note: null })
    expect(routing.errors).toHaveLength(1)
    const nowhere = toTags(['mail'], 'site.note.startsWith("x")')
    expect(createRouter([www], [nowhere], servers).route('www', { ...aSite, note: null }).errors).toEqual([])
  })

  it('holds work for each of its servers while it is disabled', () => {
    const routing = createRouter([www], [toTags(['web'], 'true', false)], servers).route('www', aSite)
    expect(routing).toEqual({ serverIds: [], heldServerIds: [1, 2], errors: [] })
  })

  it('is explained with the servers that it leads an object to', () => {
    const router = createRouter([www], [toTags(['web'], 'server.name == site.domain')], servers)
    expect(router.explain('site', { ...aSite, domain: 'web2' })).toMatchObject([
      { verdict: 'matched', servers: ['web2'], reads: [{ field: 'site.domain', value: 'web2' }] },
    ])
    expect(router.explain('site', aSite)).toMatchObject([{ verdict: 'not-matched', servers: [] }])
  })

  it('asks only the servers that a field of the object names, where nothing else can match', () => {
    const chooser = (match: string) => compileMatch(site, match).chooser
    expect(chooser('server.name == site.domain')).toEqual(['domain'])
    expect(chooser('site.active && (site.owner.name == server.name && site.id > 1)')).toEqual([
      'owner',
      'name',
    ])
    expect(chooser('server.name in site.tags')).toEqual(['tags'])
    for (const match of [
      'server.name != site.domain',
      'site.active || server.name == site.domain',
      'server.name == "web1"',
    ])
      expect(chooser(match), match).toBeUndefined()
  })
})

it('lets routes to one server ask for it too, also where a model is called server', () => {
  expect(serversOf({}, route({ id: 1, serverId: 1, match: '"eu" in server.tags' }))).toEqual([1])
  expect(serversOf({}, route({ id: 1, serverId: 2, server: 'web2', match: '"eu" in server.tags' }))).toEqual(
    [],
  )
})
