import { type Backend, defineModel } from 'orchestrajs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { record } from '../../orchestra/src/script/index.ts'
import * as services from '../src/index.ts'

const model = defineModel({ name: 'row', table: 'row', schema: z.record(z.string(), z.unknown()) })
const as = <Wanted>(row: unknown): Wanted => row as Wanted

/** Rows that a newer release, or a row that changed, no longer lets pass; what stands by them has a name that is good. */
const refused: [backend: Backend, row: Record<string, unknown>][] = [
  [services.unixUser({ model, user: as }), { name: 'ada', shell: 'no path', groups: ['sudo'] }],
  [services.unixUser({ model, user: as, name: 'at-home-in-the-system' }), { name: 'ada', home: '/srv' }],
  [services.nginxSite({ model, site: as }), { domains: ['a.example', '~regex'], root: 'no path' }],
  [services.nginxSite({ model, site: as, name: 'address' }), { domains: ['192.0.2.1'], root: '/srv/one' }],
  [services.cronJob({ model, job: as }), { name: 'job', schedule: '60 * * * *', user: '?', command: '' }],
  [
    services.bind9Primary({ model, zone: as }),
    { name: 'a.example', nameservers: [], records: [{ type: '?' }] },
  ],
  [
    services.bind9Primary({ model, zone: as, name: 'zone-that-is-an-address' }),
    { name: '192.0.2.1', nameServers: ['ns.example'], hostmaster: 'a@b.example' },
  ],
  [services.bind9Secondary({ model, primaries: ['192.0.2.5'], zone: as }), { name: '192.0.2.1' }],
  [
    services.mariadbDatabase({ model, database: as }),
    { name: 'shop', charset: '?', users: [{ name: 'root' }] },
  ],
]

/** The same row under a name, and all that belongs to one, that pass. */
function good(backend: Backend, row: Record<string, unknown>): Record<string, unknown> {
  if ('domains' in row) return { domains: ['new.example'], root: '/srv/new' }
  if ('schedule' in row) return { name: 'new', schedule: '@daily', user: 'ada', command: 'true' }
  if (backend.name === 'bind9-secondary' || !/zone|bind9/.test(backend.name)) return { name: 'new' }
  return { name: 'new.example', nameServers: ['ns.example'], hostmaster: 'a@b.example' }
}

describe('what stands can go, and be renamed, though its row would be refused now:', () => {
  test.each(refused.map(([backend, row]) => ({ name: backend.name, backend, row })))(
    '$name',
    ({ backend, row }) => {
      expect(record('save', (script) => backend.save?.(script, row)).kind).toBe('failed')
      expect(record('delete', (script) => backend.delete?.(script, row)).kind).toBe('recorded')
      const renamed = record('rename', (script) => backend.rename?.(script, good(backend, row), row))
      expect(renamed.kind).toBe('recorded')
      if (backend.prune === undefined) return
      const identity = backend.identity?.(row) ?? ''
      expect(record('prune', (script) => backend.prune?.(script, identity)).kind).toBe('recorded')
    },
  )
})
