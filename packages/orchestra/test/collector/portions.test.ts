import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import type { Decision } from '../../src/collector/index.ts'
import { portionsOf } from '../../src/collector/record.ts'
import { Keyring } from '../../src/store/keyring.ts'
import { describeStores } from '../support/stores.ts'
import { quickBackoff, useWorlds } from '../support/world.ts'

const context = { keyring: new Keyring(Buffer.alloc(32, 1)), backoff: quickBackoff.operation }

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
    previousIdentity: null,
    previous: [],
    gate: null,
    transferTo: null,
    unmade: false,
    object: { body: 'x'.repeat(weight ?? 0) },
    snapshot: null,
    fate: { kind: 'waiting' },
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
      const collected = { decisions: all, changeIds: [], units: [], attempts: new Map(), seen }
      const portions = [...portionsOf(collected, context, bytes)]
      const written = portions.map(({ operations }) => JSON.parse(operations) as Record<string, unknown>[])
      const objects = written.map((portion) => new Set(portion.map((one) => one.object_key)))
      expect(written.flat()).toHaveLength(all.reduce((sum, { unitIds }) => sum + unitIds.length, 0))
      expect(objects.flatMap((names) => [...names])).toHaveLength(new Set(all.map(({ key }) => key[0])).size)
      expect(portions.flatMap((portion) => portion.seen)).toHaveLength(seen.length)
      for (const portion of written)
        for (const [at, { position, heir, state }] of portion.entries()) {
          expect(position).toBe(at)
          if (state === 'superseded') expect(portion[Number(heir)]?.state).toBe('waiting')
        }
      for (const [at, { operations }] of portions.slice(0, -1).entries()) {
        const last = written[at]?.at(-1)?.object_key
        const before = written[at]?.filter((one) => one.object_key !== last) ?? []
        expect(before.reduce((sum, one) => sum + JSON.stringify(one).length, 0)).toBeLessThanOrEqual(bytes)
        expect(operations.length).toBeGreaterThan(bytes)
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
