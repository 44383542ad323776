import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decision, decide, type Placed } from '../../src/collector/index.ts'
import { foresee } from '../../src/collector/outcomes.ts'
import type { Backend } from '../../src/index.ts'
import { type Next, owned } from '../../src/places/index.ts'
import { placedAs } from '../support/placed.ts'
import { siteFiles } from '../support/world.ts'

const object = { id: 1, domain: 'a.org', body: '', plan: 'basic' }
const servers = [1, 2, 3, 4]

const placeOn = (serverId: number) =>
  fc
    .record({
      state: fc.constantFrom('pending', 'applied', 'failed', 'deleting', 'kept'),
      applied: fc.boolean(),
      isTouched: fc.boolean(),
      identity: fc.constantFrom('a.org', 'b.org'),
      data: fc.constantFrom('own', 'awaits', 'gone'),
      protection: fc.constantFrom(null, 'protected by alice'),
    })
    .map(({ isTouched, applied, ...one }): Placed => {
      const hasNames = applied || isTouched || one.state === 'kept'
      return placedAs({ ...one, serverId, snapshot: object, applied, ...(hasNames ? {} : { names: [] }) })
    })

const situation = fc
  .record({
    placedOn: fc.subarray(servers),
    routed: fc.subarray(servers),
    held: fc.subarray(servers),
    isBroken: fc.boolean(),
    onMove: fc.constantFrom('keep', 'remove', 'migrate'),
  })
  .chain(({ placedOn, routed, held, isBroken, onMove }) =>
    fc.tuple(...placedOn.map(placeOn)).map((placed) => ({
      placed: placed as Placed[],
      serverIds: routed,
      heldServerIds: held.filter((server) => !routed.includes(server)),
      errors: isBroken ? ['route 7 breaks'] : [],
      onMove,
    })),
  )

type Situation = typeof situation extends fc.Arbitrary<infer Value> ? Value : never

function backendOf(onMove: Situation['onMove']): Backend {
  return { ...siteFiles, onMove, rename: () => undefined } as Backend
}

/** What comes next in each place, once it is wanted. */
function answersIn({ placed, onMove }: Situation, decisions: readonly Decision[]) {
  const after = foresee(placed, decisions, backendOf(onMove))
  return removals(decisions).map((one) => ({ serverId: one.serverId, next: after.get(one)?.next }))
}

function decideIn({ placed, onMove, ...routing }: Situation): Decision[] {
  const backend = backendOf(onMove)
  return decide(
    { model: 'site', key: ['1'], action: 'save', payload: null, unitIds: ['u'], scope: null },
    { kind: 'present', object },
    {
      backendsOf: () => [backend],
      route: () => routing,
      placed: () => placed,
      protection: (_, place) => place.protection,
    },
  )
}

const removals = (decisions: readonly Decision[]) =>
  decisions.filter(({ action, fate }) => action === 'delete' && fate.kind === 'waiting')

function everywhere(check: (given: Situation, decisions: Decision[]) => void): void {
  fc.assert(
    fc.property(situation, (given) => check(given, decideIn(given))),
    { numRuns: 2_000 },
  )
}

describe('an object that is looked at', () => {
  it('is saved once on each server where it belongs, and deleted on none of them', () => {
    everywhere(({ serverIds, heldServerIds }, decisions) => {
      const saved = decisions.filter(({ action, serverId }) => action === 'save' && serverId !== null)
      expect(saved.map(({ serverId }) => serverId).sort()).toEqual([...serverIds, ...heldServerIds].sort())
      for (const { serverId } of removals(decisions))
        expect([...serverIds, ...heldServerIds]).not.toContain(serverId)
    })
  })

  it('loses no copy while a route cannot tell where it belongs', () => {
    everywhere(({ errors }, decisions) => {
      if (errors.length > 0) expect(removals(decisions)).toEqual([])
    })
  })

  it('loses no copy that is protected or that the policy keeps: where data moves, the removal waits', () => {
    everywhere((given, decisions) => {
      const answers = new Map(answersIn(given, decisions).map(({ serverId, next }) => [serverId, next?.do]))
      for (const { serverId } of removals(decisions)) {
        const place = given.placed.find((one) => one.serverId === serverId)
        if (!place?.touched) continue
        expect(given.onMove).not.toBe('keep')
        if (place.protection === null) continue
        expect([given.onMove, answers.get(serverId)]).not.toEqual(['migrate', 'remove'])
        expect(given.onMove).toBe('migrate')
      }
    })
  })

  it('loses an old copy after it stands on every server where it belongs', () => {
    everywhere((given, decisions) => {
      const missing = [...given.serverIds, ...given.heldServerIds].filter(
        (serverId) => !given.placed.some((one) => one.serverId === serverId && one.state === 'applied'),
      )
      if (missing.length === 0) return
      for (const { serverId, next } of answersIn(given, decisions)) {
        const place = given.placed.find((one) => one.serverId === serverId)
        if (place?.touched && place.place.data !== 'awaits') expect(next?.do).toBe('wait')
      }
    })
  })

  it('loses no data: it goes to a server where the object belongs, from one copy only', () => {
    everywhere((given, decisions) => {
      if (given.onMove !== 'migrate') return
      const belongs = [...given.serverIds, ...given.heldServerIds]
      const own = new Set(
        owned(given.placed.map(({ place }) => place)).flatMap(({ server, data, names }) =>
          data === 'own' && names.length > 0 ? [Number(server)] : [],
        ),
      )
      // Who waits to know whether another copy came about, or for a person, gives nothing and stays.
      const isAtRest = (next: Next | undefined) =>
        next?.do === 'nothing' || (next?.do === 'wait' && ['place', 'person'].includes(next.for.kind))
      const givers = answersIn(given, decisions).filter(
        ({ serverId, next }) => own.has(serverId ?? 0) && !isAtRest(next),
      )
      expect(givers.length).toBeLessThanOrEqual(1)
      for (const { next } of givers) {
        const to = next?.do === 'wait' && next.for.kind === 'data' ? Number(next.for.server) : null
        expect(belongs).toContain(to)
      }
    })
  })

  it('says of every copy elsewhere what becomes of it, unless it is kept already', () => {
    everywhere(({ placed, serverIds, heldServerIds, errors }, decisions) => {
      if (errors.length > 0) return
      const elsewhere = placed.filter((one) => ![...serverIds, ...heldServerIds].includes(one.serverId))
      for (const place of elsewhere.filter((one) => one.state !== 'kept')) {
        const said = decisions.filter(({ serverId }) => serverId === place.serverId)
        expect(said).toMatchObject([{ kind: 'move', action: 'delete' }])
      }
    })
  })

  it('is renamed exactly where it stands under another name', () => {
    everywhere(({ placed }, decisions) => {
      for (const { serverId, kind } of decisions.filter((one) => one.action === 'save')) {
        const place = placed.find((one) => one.serverId === serverId)
        expect(kind === 'rename').toBe(place?.touched === true && place.identity !== 'a.org')
      }
    })
  })

  it('is looked at in one place, and where its data comes from, where only that is asked for', () => {
    everywhere(({ placed, onMove, ...routing }) => {
      const backend = { ...siteFiles, onMove, rename: () => undefined } as Backend
      const decisions = decide(
        {
          model: 'site',
          key: ['1'],
          action: 'save',
          payload: null,
          unitIds: ['u'],
          scope: { backend: 'files', serverId: 2 },
        },
        { kind: 'present', object },
        { backendsOf: () => [backend], route: () => routing, placed: () => placed, protection: () => null },
      )
      for (const { serverId, leave } of decisions)
        if (leave !== 'migrate') expect([2, null]).toContain(serverId)
    })
  })
})
