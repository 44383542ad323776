import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { OrchestraError } from '../../src/errors.ts'
import { operations } from '../../src/operate/index.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { adoptable, ask, askerOf, livedIn } from './world.ts'

/** What somebody may send who means no good, or whose program is broken. */
const hostile = (mark: string): unknown[] => [
  '',
  ' ',
  'a'.repeat(1_000_000),
  `site:${'9'.repeat(3_000)}`,
  `'; drop schema orchestra cascade; --`,
  '"\\',
  `$(touch ${mark})`,
  `\`touch ${mark}\``,
  `1; touch ${mark}`,
  'a\nb',
  'a\u0000b',
  '\u001b[2J',
  'half \ud800 of a pair',
  'ünïcödé ☃ 😀 \u202e',
  '../../../etc/passwd',
  '%s%n',
  'site:1,2,3',
  'site:',
  ':',
  '00000000',
  '-1',
  '99999999999999999999',
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  Number.NaN,
  true,
  null,
  {},
  [],
  ['a\u0000b'],
  Array.from({ length: 20_000 }, (_, at) => `name${at}`),
  new Date(Number.NaN),
]

const nothingPlanned = {
  plan: {
    format: 'orchestra plan 1',
    createdAt: '2026-04-12T03:17:00Z',
    selector: {},
    allowDeletes: null,
    operations: [],
    fingerprint: { database: '', placements: '' },
  },
}

/** An input of each verb that would be understood, from which one field after the other is spoilt. */
const sound: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'server.add': { name: 'far', method: 'local', offline: true },
  'server.show': { server: 'here' },
  'server.approve': { server: 'here' },
  'server.set': { server: 'here', offline: true },
  'server.hold': { server: 'here' },
  'server.release': { server: 'here' },
  'server.remove': { server: 'here', dryRun: true },
  'route.add': { backend: 'files', server: 'here', dryRun: true },
  'route.show': { route: 1 },
  'route.set': { route: 1, match: 'true', dryRun: true },
  'route.enable': { route: 1, dryRun: true },
  'route.disable': { route: 1, dryRun: true },
  'route.remove': { route: 1, dryRun: true },
  'work.retry': { target: 'site:1' },
  'work.cancel': { target: 'site:1' },
  'protection.add': { object: 'site:1' },
  'protection.remove': { object: 'site:1' },
  'object.forget': { object: 'site:1' },
  'object.explain': { object: 'site:1' },
  'sync.show': { id: 1 },
  'sync.cancel': { id: 1 },
  'unit.show': { unit: '0000' },
  'unit.work': { unit: '0000' },
  'log.show': { log: 1 },
  'log.script': { log: 1 },
  'log.lines': { log: 1 },
  'log.watch': { log: 1 },
  'log.output': { log: 1 },
  'log.follow': { log: 1 },
  'adoption.survey': { server: 'here' },
  'adoption.take': { server: 'here', backend: 'files', objects: ['site:1'] },
  'trash.restore': { server: 'here', id: '20260412T031700Z-8c2f41d0-1' },
  'user.add': { user: 'ana' },
  'user.set': { user: 'ana', disabled: true },
  'user.remove': { user: 'ana' },
  'token.add': { token: 'ci', role: 'viewer' },
  'token.revoke': { token: 'ci' },
  'role.add': { role: 'retrier', permissions: ['retry'] },
  'role.set': { role: 'retrier', permissions: ['retry'] },
  'role.remove': { role: 'retrier' },
  'binding.add': { role: 'viewer', group: 'ops' },
  'binding.remove': { binding: 1 },
  'session.revoke': { session: 1 },
  'key.drop': { id: '0123456789ab' },
  'plan.apply': nothingPlanned,
  'plan.approve': nothingPlanned,
  'plan.reject': nothingPlanned,
}

/** Names of all that a verb may be given, as whoever reads its schema knows them. */
function fieldsOf({ input }: AnyVerb): string[] {
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  const all = [schema, ...(schema.anyOf ?? [])]
  return [...new Set(all.flatMap((one) => Object.keys((one as z.core.JSONSchema.Schema).properties ?? {})))]
}

/** Of a plan, what names something is in it. */
function spoiltPlans(verb: AnyVerb, values: readonly unknown[]): unknown[] {
  const plan = sound[verb.name]?.plan as { selector: object } | undefined
  if (plan === undefined) return []
  return values.flatMap((value) =>
    ['server', 'object', 'model'].map((name) => ({ plan: { ...plan, selector: { [name]: value } } })),
  )
}

function spoiltInputs(verb: AnyVerb, values: readonly unknown[]): unknown[] {
  const base = sound[verb.name] ?? {}
  const fields = [...fieldsOf(verb), 'noSuchField']
  return [
    ...values,
    ...fields.flatMap((field) => values.map((value) => ({ ...base, [field]: value }))),
    ...spoiltPlans(verb, values),
  ]
}

/** What is wrong with how a verb took something; undefined where it did it, or said properly why not. */
async function faultOf(
  verb: AnyVerb,
  given: unknown,
  world: World,
  asker = askerOf(world),
): Promise<string | undefined> {
  try {
    await ask(verb, given, asker)
    return undefined
  } catch (error) {
    if (!(error instanceof OrchestraError)) return `threw ${String(error).slice(0, 200)}`
    const { code, message, hint } = error
    if (code === 'ORC_INTERNAL') return `ORC_INTERNAL: ${message.slice(0, 200)}`
    if (hint === undefined) return `${code} without a hint: ${message.slice(0, 200)}`
    return message.length + hint.length > 20_000 ? `${code} of ${message.length} characters` : undefined
  }
}

describeStores('hostile input', (open, kind) => {
  const build = useWorlds(open)
  let world: World
  beforeEach(async () => {
    world = await livedIn(await build(adoptable))
  }, 120_000)

  const verbs: readonly AnyVerb[] = operations

  test(`is taken by every verb, or refused with a code and a hint (${kind})`, {
    timeout: 600_000,
  }, async () => {
    const mark = join(world.directory, 'touched')
    const values = hostile(mark)
    const faults: Record<string, string> = {}
    for (const verb of verbs)
      for (const given of spoiltInputs(verb, values)) {
        // What it would be asked for next is gone where somebody agrees to that.
        const agreement = verb.name === 'store.uninstall' ? 'refused' : 'given'
        const fault = await faultOf(verb, given, world, askerOf(world, agreement))
        if (fault !== undefined) faults[`${verb.name} ${JSON.stringify(given)?.slice(0, 120)}`] = fault
      }
    expect(existsSync(mark)).toBe(false)
    for (const value of values.filter((one) => typeof one === 'string')) {
      const asker = { ...askerOf(world), principal: { kind: 'claimed' as const, name: value } }
      const verb = verbs.find(({ name }) => name === 'work.pause') as AnyVerb
      const fault = await faultOf(verb, { reason: 'storage' }, world, asker)
      if (fault !== undefined) faults[`asked by ${value.slice(0, 50)}`] = fault
    }
    expect(faults).toEqual({})
    const told = await world.store.query<{ longest: number }>(
      'select max(greatest(length(actor), length(target))) as longest from orchestra.audit',
    )
    expect(told[0]?.longest).toBeLessThan(5_000)
    expect(await world.store.query('select 1 as here from orchestra.server limit 1')).toEqual([{ here: 1 }])
  })
})
