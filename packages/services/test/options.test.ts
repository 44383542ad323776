import { defineModel } from 'orchestrajs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import * as services from '../src/index.ts'

const model = defineModel({ name: 'row', table: 'row', schema: z.object({ id: z.int() }) })

/** What each of them needs to be defined at all. */
const needed: Record<string, object> = {
  bind9Primary: { zone: () => ({}) },
  bind9Secondary: { zone: () => ({}), primaries: ['192.0.2.1'] },
  cronJob: { job: () => ({}) },
  mariadbDatabase: { database: () => ({}) },
  nginxMap: { variable: '$x', entry: () => ({}) },
  nginxSite: { site: () => ({}) },
  postfixAliases: { alias: () => ({}) },
  postfixDomains: { domain: () => ({}) },
  postfixMailboxes: { mailbox: () => ({}) },
  unixUser: { user: () => ({}) },
}

const functions = Object.entries(services).filter(([, value]) => typeof value === 'function')

/** As plain JavaScript calls them. */
type Untyped = (options: object) => unknown

test('every ready-made backend is among those tried here', () => {
  expect(functions.map(([name]) => name).sort()).toEqual(Object.keys(needed))
})

describe.each(functions)('%s', (name, define) => {
  const untyped = define as unknown as Untyped

  test('takes what it knows', () => {
    const all = { model, onMove: 'keep', onDrift: 'report', onBroken: 'keep', ignore: { permissions: true } }
    expect(untyped({ ...all, ...needed[name] })).toHaveProperty('model', model)
  })

  test('refuses an option with a misspelled name', () => {
    const misspelled = () => untyped({ model, ...needed[name], onMov: 'remove' })
    expect(misspelled).toThrow(expect.objectContaining({ code: 'ORC_OPTION_UNKNOWN' }))
  })
})

test('a field of an object with a misspelled name is refused, not left out', () => {
  const site = services.nginxSite({
    model,
    site: () => ({ domains: ['a.example'], root: '/srv/a', ownr: 'ada' }) as never,
  })
  expect(() => site.save?.({} as never, { id: 1 })).toThrow(/ownr/)
})
