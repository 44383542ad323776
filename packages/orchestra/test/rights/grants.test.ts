import { describe, expect, it } from 'vitest'
import { type Facts, grantsFor, type Roles, type WatchedTable } from '../../src/rights/index.ts'

const site: WatchedTable = {
  name: 'public.site',
  schema: 'public',
  owner: 'alice',
  isSecured: false,
  sequences: ['public.site_id_seq'],
  lacking: [],
  isClosed: false,
}

const facts: Facts = {
  database: 'panel',
  version: 180_000,
  databaseOwner: 'postgres',
  isOpen: true,
  roles: ['postgres', 'alice', 'app', 'orchestra', 'orchestra_capture'],
  tables: [site],
  schemas: [
    { name: 'orchestra', owner: 'orchestra', contents: [] },
    { name: 'orchestra_boss', owner: 'orchestra', contents: [] },
  ],
  openSchemas: ['public'],
  loaders: [],
}

const usual: Roles = { owner: 'alice', application: 'app', worker: 'orchestra' }

function printed(other: Partial<Facts> = {}, roles: Partial<Roles> = {}): string[] {
  const sections = grantsFor({ ...facts, ...other }, { ...usual, ...roles })
  return sections.flatMap(({ as, statements }) => statements.map(({ sql }) => `${as ?? 'superuser'}: ${sql}`))
}

describe('grants', () => {
  it('leave out what everybody may', () => {
    expect(printed().join('\n')).not.toMatch(/connect|usage on schema public/)
    expect(printed({ isOpen: false, openSchemas: [] })).toEqual(
      expect.arrayContaining([
        'superuser: grant connect on database "panel" to "app"',
        'superuser: grant connect on database "panel" to "orchestra"',
        'alice: grant usage on schema public to "app"',
        'alice: grant usage on schema public to "orchestra"',
      ]),
    )
  })

  it('say how membership is inherited where Postgres can be told', () => {
    const membership = 'superuser: grant orchestra_capture to "orchestra"'
    expect(printed({ version: 160_000 })).toContain(`${membership} with inherit true, set true`)
    expect(printed({ version: 150_000 })).toContain(membership)
  })

  it('give nobody what he owns', () => {
    const own = printed({}, { worker: 'alice' })
    expect(
      own.filter((line) => /table public\.site|default privileges/.test(line) && line.includes('to "alice"')),
    ).toEqual([])
    const one = printed({}, { application: 'orchestra' })
    expect(one.filter((line) => line.startsWith('orchestra:'))).toEqual([])
  })

  it('let the worker see rows that a policy hides', () => {
    const secured = printed({ tables: [{ ...site, isSecured: true }] })
    expect(secured).toContain('superuser: alter role "orchestra" bypassrls')
    expect(printed().join('\n')).not.toContain('bypassrls')
  })

  it('ask each owner for his own tables, and name none that does not exist', () => {
    const lines = printed({
      tables: [
        site,
        { ...site, name: 'mail.box', schema: 'mail', owner: 'bob' },
        { ...site, name: 'public.later', owner: null },
      ],
    })
    expect(lines).toContain('alice: grant select, trigger on table public.site to "orchestra"')
    expect(lines).toContain('bob: grant select, trigger on table mail.box to "orchestra"')
    expect(lines.join('\n')).not.toContain('public.later')
    expect(lines).toContain(
      'alice: alter default privileges for role "alice" in schema public grant select, trigger on tables to "orchestra"',
    )
  })

  it('quote roles that need it', () => {
    expect(printed({}, { application: 'the "app"' })).toContain('superuser: create role "the ""app""" login')
  })
})
