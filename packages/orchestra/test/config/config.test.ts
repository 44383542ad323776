import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type BackendOptions, defineBackend } from '../../src/config/backend.ts'
import { type ConfigOptions, defineConfig } from '../../src/config/config.ts'
import { defineModel } from '../../src/config/model.ts'
import { isOrchestraError } from '../../src/errors.ts'
import { sh } from '../../src/script/index.ts'

const schema = z.object({ id: z.int(), domain: z.string(), password: z.string() })
const site = defineModel({ name: 'site', table: 'site', schema, secrets: ['password'] })
const backend = (name: string, options: Partial<BackendOptions<typeof schema, 'password'>> = {}) =>
  defineBackend({ name, model: site, save: () => undefined, ...options })

function refusal(options: ConfigOptions): string {
  try {
    defineConfig(options)
  } catch (error) {
    if (isOrchestraError(error, 'ORC_CONFIG_INVALID')) return `${error.message} (${error.hint})`
    throw error
  }
  return 'accepted'
}

describe('defineConfig', () => {
  it('answers models and backends by name, backends in an order that respects `after`', () => {
    const config = defineConfig({
      models: [site],
      backends: [
        backend('www', { after: ['dns', 'user'] }),
        backend('dns', { after: ['user'] }),
        backend('user'),
      ],
    })
    expect(config.models.get('site')).toBe(site)
    expect([...config.backends.keys()]).toEqual(['user', 'dns', 'www'])
  })

  it('fills in the defaults and keeps what is given', () => {
    const config = defineConfig({
      models: [site],
      backends: [],
      worker: { timeouts: { idle: 5 }, copy: { free: 5 } },
      retention: { days: 7 },
    })
    expect(config.worker).toEqual({
      concurrency: 32,
      transfers: 2,
      copy: { bytes: 107_374_182_400, free: 5, total: 21_600_000 },
      timeouts: { connect: 15_000, idle: 5, total: 3_600_000, check: 120_000 },
      backoff: { operation: { base: 5_000, cap: 3_600_000 }, server: { base: 1_000, cap: 60_000 } },
    })
    expect(config.retention.days).toBe(7)
    expect(Object.isFrozen(config) && Object.isFrozen(config.worker)).toBe(true)
  })

  it('refuses limits of a copy that limit nothing, for all and for a backend', () => {
    const worker = { copy: { bytes: Number.POSITIVE_INFINITY } }
    expect(() => defineConfig({ models: [site], backends: [], worker })).toThrow(
      '`worker.copy.bytes` is Infinity',
    )
    const transfer = {
      limits: { free: 0 },
      dump: () => sh`true`,
      restore: () => sh`true`,
      switch: () => sh`true`,
    }
    const backend = defineBackend({
      name: 'sites',
      model: site,
      save: () => undefined,
      onMove: 'migrate',
      transfer,
    })
    expect(() => defineConfig({ models: [site], backends: [backend] })).toThrow('transfer.limits.free` is 0')
  })

  it.each([
    ['five fields', { cron: 'daily', does: 'check' as const }, 'Give five fields'],
    [
      'a backend that exists',
      { cron: '0 1 * * *', does: 'sync' as const, backend: 'ghost' },
      'not in `backends`',
    ],
  ])('wants a schedule to have %s', (_, schedule, complaint) => {
    const text = refusal({ models: [], backends: [], schedules: [{ name: 'nightly', ...schedule }] })
    expect(text).toContain(complaint)
  })

  it('refuses a backend whose model is not in the configuration', () => {
    const text = refusal({ models: [], backends: [backend('www')] })
    expect(text).toContain('backend `www` is for the model `site`, which is not in `models`')
  })

  it('refuses a backend that was made with another model of the same name', () => {
    const other = defineModel({ name: 'site', table: 'other', schema })
    expect(refusal({ models: [other], backends: [backend('www')] })).toContain('for another model `site`')
  })

  it('refuses two backends and two models of one name', () => {
    expect(refusal({ models: [site], backends: [backend('www'), backend('www')] })).toContain(
      'two backends are called `www`',
    )
    expect(refusal({ models: [site, site], backends: [] })).toContain('two models are called `site`')
  })

  it('refuses `after` that names nothing', () => {
    const text = refusal({ models: [site], backends: [backend('www', { after: ['usr'] }), backend('user')] })
    expect(text).toContain('`www` comes after `usr`, which is no backend')
    expect(text).toContain('There are `www`, `user`')
  })

  it('prints the circle of `after`', () => {
    const backends = [
      backend('a', { after: ['b'] }),
      backend('b', { after: ['c'] }),
      backend('c', { after: ['a'] }),
    ]
    expect(refusal({ models: [site], backends })).toContain('a -> b -> c -> a')
  })

  it('refuses a backend that does nothing', () => {
    const idle = defineBackend({ name: 'idle', model: site, prepare: () => undefined })
    expect(refusal({ models: [site], backends: [idle] })).toContain('`idle` does nothing')
  })

  it('refuses save and delete among the further actions', () => {
    const text = refusal({
      models: [site],
      backends: [backend('www', { actions: { save: () => undefined } })],
    })
    expect(text).toContain('`save` stands in `actions`')
  })

  it.each(['', 'Site', '1site', 'my_site', 'my site', '-site', 'site\n'])('refuses %j as a name', (name) => {
    expect(refusal({ models: [site], backends: [backend(name)] })).toContain('is not a name')
    expect(refusal({ models: [{ ...site, name }], backends: [] })).toContain('is not a name')
  })

  it.each(['constructor', '__proto__'])(
    'refuses a field %s, however deep, which no object can have',
    (name) => {
      const odd = z.object({ id: z.int(), [name]: z.string() })
      const hidden = z.object({ id: z.int(), list: z.array(z.object({ inner: odd.nullable() })) })
      for (const bad of [odd, hidden]) {
        const text = refusal({ models: [defineModel({ name: 'site', schema: bad })], backends: [] })
        expect(text).toContain(`model \`site\` has a field \`${name}\``)
      }
    },
  )

  it('refuses secrets that the schema does not have, and names what it has', () => {
    const text = refusal({ models: [{ ...site, secrets: ['pasword'] }], backends: [] })
    expect(text).toContain('`secrets` names `pasword`, which the schema does not have')
    expect(text).toContain('`id`, `domain`, `password`')
  })

  it('refuses an incarnation that the schema does not have, or that is secret', () => {
    const text = refusal({ models: [{ ...site, incarnation: 'crated' }], backends: [] })
    expect(text).toContain('`incarnation` names `crated`, which the schema does not have')
    const secret = refusal({ models: [{ ...site, incarnation: 'password' }], backends: [] })
    expect(secret).toContain('`incarnation` names `password`, which is secret')
  })

  it('refuses a secret key', () => {
    expect(refusal({ models: [{ ...site, secrets: ['id'] }], backends: [] })).toContain('part of the key')
  })

  it('refuses numbers that make no sense', () => {
    expect(refusal({ models: [], backends: [], worker: { concurrency: 0 } })).toContain(
      '`worker.concurrency` is 0',
    )
    expect(refusal({ models: [], backends: [], retention: { days: Number.NaN } })).toContain(
      '`retention.days` is NaN',
    )
  })

  it('says so when a list is missing', () => {
    const options = { models: [site] } as unknown as ConfigOptions
    expect(refusal(options)).toContain('`backends` is not a list')
  })
})
