import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decision, decide, type Placed } from '../../src/collector/index.ts'
import type { Backend } from '../../src/index.ts'
import { siteFiles } from '../support/world.ts'

const object = { id: 1, domain: 'a.org', body: '', plan: 'basic' }
const servers = [1, 2, 3, 4]

const placeOn = (serverId: number) =>
  fc
    .record({
      state: fc.constantFrom('pending', 'applied', 'failed', 'deleting', 'kept'),
      applied: fc.boolean(),
      tried: fc.boolean(),
      identity: fc.constantFrom('a.org', 'b.org'),
      transferTo: fc.constantFrom(null, 1, 2, 3, 4),
      awaitsData: fc.boolean(),
      hollow: fc.boolean(),
      protection: fc.constantFrom(null, 'protected by alice'),
    })
    .map(
      ({ tried, applied, ...one }): Placed => ({
        ...one,
        backend: 'files',
        serverId,
        snapshot: object,
        revision: applied ? 'r' : null,
        applied,
        touched: applied || tried,
        tried: [],
      }),
    )

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

function decideIn({ placed, onMove, ...routing }: Situation): Decision[] {
  const backend = { ...siteFiles, onMove, rename: () => undefined } as Backend
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

const holdsData = (place: Placed | undefined) => place?.touched === true && !place.awaitsData && !place.hollow

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

  it('loses no copy that is protected or that the policy keeps', () => {
    everywhere(({ placed, onMove }, decisions) => {
      for (const { serverId } of removals(decisions)) {
        const place = placed.find((one) => one.serverId === serverId)
        if (place?.touched) expect([place.protection, onMove === 'keep']).toEqual([null, false])
      }
    })
  })

  it('loses an old copy after it stands on every server where it belongs', () => {
    everywhere(({ placed, serverIds, heldServerIds }, decisions) => {
      const missing = [...serverIds, ...heldServerIds].filter((serverId) => {
        const there = placed.find((one) => one.serverId === serverId)
        return there === undefined || !there.applied || there.state === 'deleting'
      })
      for (const { serverId, gate } of removals(decisions)) {
        const place = placed.find((one) => one.serverId === serverId)
        if (place?.touched && !place.awaitsData)
          for (const other of missing.filter((one) => serverIds.includes(one))) expect(gate).toContain(other)
      }
    })
  })

  it('loses no data: it goes to a server where the object belongs, from one copy only', () => {
    everywhere(({ placed, serverIds, onMove }, decisions) => {
      if (onMove !== 'migrate') return
      const transfers = decisions.filter(({ transferTo }) => transferTo !== null)
      expect(transfers.length).toBeLessThanOrEqual(1)
      for (const { transferTo } of transfers) expect(serverIds).toContain(transferTo)
      for (const { serverId, transferTo } of removals(decisions))
        if (holdsData(placed.find((one) => one.serverId === serverId))) expect(transferTo).not.toBeNull()
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
      for (const { serverId, kind, previousIdentity } of decisions.filter((one) => one.action === 'save')) {
        const place = placed.find((one) => one.serverId === serverId)
        const isOther = place?.touched === true && place.identity !== 'a.org'
        expect([kind === 'rename', previousIdentity]).toEqual([isOther, isOther ? 'b.org' : null])
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
      for (const { serverId, transferTo } of decisions)
        if (transferTo !== 2) expect([2, null]).toContain(serverId)
    })
  })
})
