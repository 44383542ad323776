import { type Backend, defineModel } from 'orchestrajs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { record } from '../../orchestra/src/script/index.ts'
import * as services from '../src/index.ts'

const model = defineModel({ name: 'row', table: 'row', schema: z.record(z.string(), z.unknown()) })
const as = <Wanted>(row: unknown): Wanted => row as Wanted

/** Rows that a newer version, or a row that changed, no longer lets pass; what stands by them has a name that is good. */
const refused: [backend: Backend, row: Record<string, unknown>][] = [
  [services.unixUser({ model, user: as }), { name: 'ada', shell: 'no path', groups: ['sudo'] }],
  [services.nginxSite({ model, site: as }), { domains: ['a.example', '~regex'], root: 'no path' }],
  [services.cronJob({ model, job: as }), { name: 'job', schedule: '60 * * * *', user: '?', command: '' }],
  [
    services.bind9Primary({ model, zone: as }),
    { name: 'a.example', nameservers: [], records: [{ type: '?' }] },
  ],
  [
    services.mariadbDatabase({ model, database: as }),
    { name: 'shop', charset: '?', users: [{ name: 'root' }] },
  ],
]

describe('what stands can go, and be renamed, though its row would be refused now:', () => {
  test.each(refused.map(([backend, row]) => ({ name: backend.name, backend, row })))(
    '$name',
    ({ backend, row }) => {
      expect(record('save', (script) => backend.save?.(script, row)).kind).toBe('failed')
      expect(record('delete', (script) => backend.delete?.(script, row)).kind).toBe('recorded')
    },
  )
})
