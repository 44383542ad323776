import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Backend, guardBackend } from '../../src/config/backend.ts'
import { type ConfigOptions, defineBackend, defineConfig, defineModel, type Model } from '../../src/index.ts'

const schema = () =>
  z.object({
    id: z.number().int(),
    made: z.number().default(() => Math.random()),
    tags: z.array(z.string()).optional(),
  })

function options(
  parts: { schema?: z.ZodType; word?: string; mode?: string; table?: string } & Partial<ConfigOptions> = {},
): ConfigOptions {
  const { mode = '0644', table = 'site', ...rest } = parts
  const model = defineModel({
    name: 'site',
    table,
    schema: (parts.schema ?? schema()) as ReturnType<typeof schema>,
  })
  const backend = defineBackend({
    name: 'files',
    model,
    ignore: { lines: [new RegExp(mode)] },
    save: (script, site) => script.file(`sites/${site.id}`, String(site.made)),
  })
  return {
    models: [model as Model],
    backends: [backend],
    release: rest.release,
    schedules: rest.schedules ?? [],
  }
}

const fingerprint = (given: ConfigOptions) => defineConfig(given).fingerprint

test('is the same for the same configuration, made twice, whatever its schema computes', () => {
  expect(fingerprint(options())).toBe(fingerprint(options()))
  expect(fingerprint({ ...options(), worker: { concurrency: 3 } })).toBe(fingerprint(options()))
})

test.each<[string, ConfigOptions]>([
  [
    'a schema',
    options({ schema: z.object({ id: z.number().int(), made: z.number(), tags: z.array(z.string()) }) }),
  ],
  ['a rule', options({ mode: '0600' })],
  ['a table', options({ table: 'sites' })],
  ['a schedule', options({ schedules: [{ name: 'night', cron: '0 4 * * *', does: 'sync' }] })],
  ['the release', options({ release: '2' })],
])('is another where %s is another', (_, other) => {
  expect(fingerprint(other)).not.toBe(fingerprint(options()))
})

test.each([
  ['plain', (backend: Backend) => backend],
  ['guarded', (backend: Backend) => guardBackend(backend)],
])('sees the text of the functions of a %s backend', (_, made) => {
  const { models } = options()
  const saving = (save: Backend['save']) =>
    fingerprint({ models, backends: [made({ name: 'files', model: models[0] as Model, save })] })
  const one = saving((script) => script.directory('a'))
  expect(saving((script) => script.directory('a'))).toBe(one)
  expect(saving((script) => script.directory('b'))).not.toBe(one)
})
