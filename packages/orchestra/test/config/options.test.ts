import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type BackendOptions, defineBackend } from '../../src/config/backend.ts'
import { defineConfig } from '../../src/config/config.ts'
import { defineModel } from '../../src/config/model.ts'
import { addServer, removeServer, setServer } from '../../src/fleet/index.ts'
import { checkOptions, nearest } from '../../src/options.ts'
import { addRoute, disableRoute, enableRoute, removeRoute, setRoute } from '../../src/router/index.ts'
import { Recorder } from '../../src/script/recorder.ts'
import { sh } from '../../src/script/sh.ts'
import { approveKey, holdServer, releaseServer } from '../../src/server/index.ts'

const site = defineModel({ name: 'site', table: 'site', schema: z.object({ id: z.int() }) })
const save = () => undefined

/** As plain JavaScript gives them: no type was checked. */
const untyped = (options: object) => options as never

function refusal(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}

describe('a misspelled option of what changes servers and routes is refused before anything is asked of the store', () => {
  const store = undefined as never
  const cases: [where: string, misspelled: string, meant: string, work: () => Promise<unknown>][] = [
    ['addServer', 'tag', 'tags', () => addServer(store, untyped({ name: 'a', tag: ['b'] }))],
    ['setServer', 'untags', 'untag', () => setServer(store, 'a', untyped({ untags: ['b'] }))],
    ['removeServer', 'forse', 'force', () => removeServer(store, 'a', untyped({ forse: true }))],
    ['holdServer', 'raeson', 'reason', () => holdServer(store, 'a', untyped({ raeson: 'b' }))],
    ['releaseServer', 'bye', 'by', () => releaseServer(store, 'a', untyped({ bye: 'b' }))],
    ['approveKey', 'bye', 'by', () => approveKey(store, 'a', 'b', untyped({ bye: 'b' }))],
    ['addRoute', 'mach', 'match', () => addRoute(store, store, untyped({ backend: 'a', mach: 'b' }))],
    ['setRoute', 'sever', 'server', () => setRoute(store, store, 1, untyped({ sever: 'b' }))],
    ['removeRoute', 'allowDelete', 'allowDeletes', () => removeRoute(store, 1, untyped({ allowDelete: 1 }))],
    ['enableRoute', 'bye', 'by', () => enableRoute(store, 1, untyped({ bye: 'b' }))],
    ['disableRoute', 'bye', 'by', () => disableRoute(store, 1, untyped({ bye: 'b' }))],
  ]

  test.each(cases)('%s: %s', async (where, misspelled, meant, work) => {
    await expect(work()).rejects.toMatchObject({
      code: 'ORC_OPTION_UNKNOWN',
      message: `${where}() has no option \`${misspelled}\``,
      hint: expect.stringContaining(`Did you mean \`${meant}\`?`),
    })
  })
})

describe('a misspelled option is refused, with the name that was meant,', () => {
  const cases: [where: string, name: string, meant: string, work: () => unknown][] = [
    [
      'a model',
      'tabel',
      'table',
      () => defineModel(untyped({ name: 'a', tabel: 'a', schema: z.object({}) })),
    ],
    [
      'a related table',
      'reference',
      'references',
      () =>
        defineModel(untyped({ name: 'a', schema: z.object({}), related: [{ table: 'b', reference: {} }] })),
    ],
    ['a backend', 'onMov', 'onMove', () => backend({ onMov: 'remove' })],
    ['timeouts of a backend', 'totl', 'total', () => backend({ timeouts: { totl: 1 } })],
    ['ignore rules', 'permission', 'permissions', () => backend({ ignore: { permission: true } })],
    ['a transfer', 'switsh', 'switch', () => backend({ transfer: { switsh: save } })],
    ['the configuration', 'backend', 'backends', () => config({ backend: [] })],
    ['the store', 'databaseURL', 'databaseUrl', () => config({ store: { databaseURL: '' } })],
    ['the worker', 'concurency', 'concurrency', () => config({ worker: { concurency: 2 } })],
    ['a backoff', 'bas', 'base', () => config({ worker: { backoff: { server: { bas: 2 } } } })],
    ['a schedule', 'serve', 'server', () => config({ schedules: [{ name: 'a', serve: 'b' }] })],
    ['a file', 'mod', 'mode', () => new Recorder().file('/a', '', untyped({ mod: '0600' }))],
    ['a directory', 'ownr', 'owner', () => new Recorder().directory('/a', untyped({ ownr: 'ada' }))],
    ['a command', 'unles', 'unless', () => new Recorder().run(sh`true`, untyped({ unles: sh`true` }))],
    ['absent', 'recursiv', 'recursive', () => new Recorder().absent('/a', untyped({ recursiv: true }))],
    ['trash', 'notes', 'note', () => new Recorder().trash('/a', untyped({ notes: 'x' }))],
    ['a reload', 'comand', 'command', () => new Recorder().reload('nginx', untyped({ comand: sh`true` }))],
  ]

  test.each(cases)('in %s: %s', (_, name, meant, work) => {
    expect(refusal(work)).toMatchObject({
      code: 'ORC_OPTION_UNKNOWN',
      message: expect.stringContaining(`\`${name}\``),
      hint: expect.stringContaining(`Did you mean \`${meant}\`?`),
    })
  })
})

test('names that every object of JavaScript has are no options', () => {
  expect(refusal(() => backend({ toString: save }))).toMatchObject({ code: 'ORC_OPTION_UNKNOWN' })
  expect(refusal(() => backend({ constructor: save }))).toMatchObject({ code: 'ORC_OPTION_UNKNOWN' })
})

test.each([['text'], [['a']], [null], [7]])('%j in place of options is refused', (given) => {
  expect(refusal(() => checkOptions('this', given, { mode: true }))).toMatchObject({
    code: 'ORC_OPTION_UNKNOWN',
    hint: 'Write { mode: ... }',
  })
})

test('what is known is never refused, and a name is nearest to itself', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1 }), (names) => {
      const known = Object.fromEntries(names.map((name) => [name, true as const]))
      checkOptions('this', known, known)
      for (const name of names) expect(nearest(name, names)).toBe(name)
    }),
  )
})

function backend(options: object): unknown {
  return defineBackend({ name: 'sites', model: site, save, ...options } as BackendOptions<z.ZodType, never>)
}

function config(options: object): unknown {
  return defineConfig({ models: [site], backends: [], ...options })
}
