import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { defineConfig } from '../../src/config/config.ts'
import type { Model } from '../../src/index.ts'
import type { JobEnd } from '../../src/methods/index.ts'
import { verdictOf } from '../../src/methods/verdict.ts'
import { delayAfter } from '../../src/operations/backoff.ts'
import { planScripts, type ScriptedOperation } from '../../src/recording/scripts.ts'
import { exitBusy, exitFenced, exitTruncated, exitUnfit } from '../../src/script/index.ts'
import { Site, siteFiles } from '../support/world.ts'

describe('backoff', () => {
  it('stays between half the doubled base and the cap', () => {
    const attempt = fc.integer({ min: -3, max: 10_000 })
    const base = fc.integer({ min: 1, max: 60_000 })
    const cap = fc.integer({ min: 60_000, max: 10_000_000 })
    fc.assert(
      fc.property(attempt, base, cap, fc.double({ min: 0, max: 1, noNaN: true }), (n, low, high, chance) => {
        const delay = delayAfter(n, { base: low, cap: high }, () => chance)
        const full = Math.min(high, low * 2 ** Math.min(Math.max(n, 1) - 1, 30))
        expect(delay).toBeGreaterThanOrEqual(Math.floor(full / 2))
        expect(delay).toBeLessThanOrEqual(Math.ceil(full))
      }),
    )
  })
})

describe('a verdict', () => {
  const cases: [JobEnd, ReturnType<typeof verdictOf>['kind']][] = [
    [{ kind: 'exited', code: 0, signal: null }, 'ran'],
    [{ kind: 'exited', code: 1, signal: null }, 'ran'],
    [{ kind: 'exited', code: null, signal: 'SIGKILL' }, 'ran'],
    [{ kind: 'exited', code: exitFenced, signal: null }, 'fenced'],
    [{ kind: 'exited', code: exitTruncated, signal: null }, 'blocked'],
    [{ kind: 'exited', code: exitBusy, signal: null }, 'blocked'],
    [{ kind: 'exited', code: exitUnfit, signal: null }, 'blocked'],
    [{ kind: 'unreachable', reason: 'r' }, 'blocked'],
    [{ kind: 'denied', reason: 'r' }, 'blocked'],
    [{ kind: 'host-key', presented: 'k', reason: 'r' }, 'blocked'],
    [{ kind: 'lost', reason: 'r' }, 'unknown'],
    [{ kind: 'timeout', which: 'idle', limit: 1_000 }, 'ran'],
    [{ kind: 'timeout', which: 'total', limit: 1_000 }, 'ran'],
    [{ kind: 'cancelled' }, 'cancelled'],
  ]
  it.each(cases)('of %j is %s', (end, kind) => {
    expect(verdictOf(end).kind).toBe(kind)
  })
})

test.each([
  ['idle', 'the script gave no output for too long: more than 300 s (`timeouts.idle`)'],
  ['total', 'the script took too long: more than 300 s (`timeouts.total`)'],
] as const)('a timeout says which limit it was, and how much: %s', (which, said) => {
  expect(verdictOf({ kind: 'timeout', which, limit: 300_000 })).toMatchObject({
    reason: `${said}; find out what hangs in it, or raise that limit`,
  })
})

describe('a script that a server is unfit for', () => {
  it('blocks the server for the reason that the server gave', () => {
    const verdict = verdictOf(
      { kind: 'exited', code: exitUnfit, signal: null },
      'cd: /srv/x: No such file or directory',
    )
    expect(verdict).toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining('/srv/x: No such file'),
    })
  })
})

describe('the scripts of a drain', () => {
  const names = ['a', 'b', 'c', 'd'] as const
  /** Each backend may come after any that stands before it: never a circle. */
  const config = fc.array(fc.subarray([...names]), { minLength: 4, maxLength: 4 }).map(
    (afters): Config =>
      defineConfig({
        models: [Site as Model],
        backends: names.map((name, index) => ({
          ...siteFiles,
          name,
          after: (afters[index] ?? []).filter((before) => names.indexOf(before) < index),
        })),
      }),
  )
  const operations = fc
    .array(
      fc.record({
        backend: fc.constantFrom(...names, 'ghost'),
        action: fc.constantFrom('save', 'delete', 'touch'),
      }),
      { maxLength: 12 },
    )
    .map((list) =>
      list.map(
        (one, id): ScriptedOperation => ({
          ...one,
          id,
          model: 'site',
          object_key: `${id}`,
          keys: [`${id}`],
          snapshot: null,
          identity: null,
          previous: [],
        }),
      ),
    )

  it('hold every operation of a known backend once', () => {
    fc.assert(
      fc.property(config, operations, (known, all) => {
        const planned = planScripts(known, all).flatMap((script) => script.operations.map((one) => one.id))
        const expected = all.filter((one) => one.backend !== 'ghost').map((one) => one.id)
        expect(planned.toSorted((one, other) => one - other)).toEqual(expected)
      }),
    )
  })

  it('save behind what they come after, and delete before it', () => {
    fc.assert(
      fc.property(config, operations, (known, all) => {
        const flat = planScripts(known, all).flatMap((script) => script.operations)
        const isDelete = (one: ScriptedOperation) => one.action === 'delete'
        for (const { name, after = [] } of known.backends.values()) {
          for (const before of after) {
            const positions = (backend: string, deletes: boolean) =>
              flat.flatMap((one, at) => (one.backend === backend && isDelete(one) === deletes ? [at] : []))
            expect(Math.min(...positions(name, false))).toBeGreaterThan(
              Math.max(-1, ...positions(before, false)),
            )
            expect(Math.max(-1, ...positions(name, true))).toBeLessThan(Math.min(...positions(before, true)))
          }
        }
      }),
    )
  })
})
