import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import type { Decision } from '../../src/collector/index.ts'
import { portionsOf } from '../../src/collector/portions.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

const decisions = fc.array(
  fc.record({
    key: fc.nat(8),
    serverId: fc.nat(5),
    weight: fc.nat(60),
    units: fc.integer({ min: 1, max: 3 }),
  }),
)

function decisionOf({ key, serverId, weight, units }: { [name: string]: number }): Decision {
  return {
    kind: 'update',
    model: 'site',
    key: [String(key)],
    action: 'save',
    unitIds: Array.from({ length: units ?? 1 }, (_, at) => `unit ${at}`),
    backend: 'files',
    serverId: serverId ?? 0,
    identity: 'a.org',
    leave: null,
    object: { body: 'x'.repeat(weight ?? 0) },
    snapshot: null,
    fate: { kind: 'waiting' },
    standing: 'own',
  }
}

test('operations are written in portions of a bound, all of one object in one, and each thing seen once', () => {
  fc.assert(
    fc.property(decisions, fc.nat(5_000), (drawn, bytes) => {
      const all = drawn.map(decisionOf)
      const seen = [...new Set(['0', '99', ...all.map(({ key }) => key[0] ?? '')])].map((object_key) => ({
        model: 'site',
        object_key,
        action: 'save',
        backend: null,
      }))
      const collected = { decisions: all, seen }
      const portions = [...portionsOf(collected, bytes)]
      const objects = portions.map((portion) => new Set(portion.decisions.map(({ key }) => key[0])))
      expect(portions.flatMap((portion) => portion.decisions)).toHaveLength(all.length)
      expect(objects.flatMap((names) => [...names])).toHaveLength(new Set(all.map(({ key }) => key[0])).size)
      expect(portions.flatMap((portion) => portion.seen)).toHaveLength(seen.length)
      for (const { decisions } of portions) {
        const last = decisions.at(-1)?.key[0]
        const before = decisions.filter(({ key }) => key[0] !== last)
        expect(before.length * 500).toBeLessThanOrEqual(bytes)
      }
    }),
  )
})

describeStores('one change of many heavy rows', (open) => {
  const build = useWorlds(open)

  it('becomes operations on all servers, however much they weigh together', async () => {
    const servers = Array.from({ length: 14 }, (_, at) => `s${at}`)
    const world = await build({ servers })
    await world.store.query(
      `insert into site (id, domain, body) select n, n || '.org', repeat(md5(n::text), 1024) from generate_series(1, 60) n`,
    )
    await world.collect()
    expect(await world.operations()).toHaveLength(60 * 14)
    expect(new Set((await world.operations()).map(({ unit_id }) => unit_id)).size).toBe(1)
    expect(await world.store.query('select from orchestra.change')).toEqual([])
    expect(world.errors).toEqual([])
  })
})
