import { defineModel } from 'orchestrajs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  bind9Primary,
  bind9Secondary,
  cronJob,
  mariadbDatabase,
  nginxMap,
  nginxSite,
  postfixAliases,
  postfixDomains,
  postfixMailboxes,
  unixUser,
} from '../src/index.ts'

const thing = defineModel({ name: 'thing', table: 'thing', schema: z.object({ name: z.string() }) })
const policies = {
  model: thing,
  onMove: 'remove',
  onDrift: 'repair',
  ignore: { found: [/^theirs/] },
  protect: true,
} as const

const services = [
  bind9Primary({
    ...policies,
    zone: ({ name }) => ({ name, nameServers: ['ns1.example.org'], hostmaster: 'host@example.org' }),
  }),
  bind9Secondary({ ...policies, primaries: ['192.0.2.1'], zone: ({ name }) => ({ name }) }),
  cronJob({
    ...policies,
    job: ({ name }) => ({ name, schedule: '@daily', user: 'root', command: 'true' }),
  }),
  mariadbDatabase({ ...policies, database: ({ name }) => ({ name }) }),
  nginxMap({ ...policies, variable: '$target', entry: ({ name }) => ({ from: name, to: '' }) }),
  nginxSite({ ...policies, site: ({ name }) => ({ domains: [name], root: '/srv' }) }),
  postfixAliases({ ...policies, alias: ({ name }) => ({ from: name, to: [name] }) }),
  postfixDomains({ ...policies, domain: ({ name }) => ({ domain: name }) }),
  postfixMailboxes({ ...policies, mailbox: ({ name }) => ({ address: name, path: name }) }),
  unixUser({ ...policies, user: ({ name }) => ({ name, passwordHash: null }) }),
]

test.each(services.map((service) => [service.name, service] as const))(
  '%s hands on what the application decides about its objects',
  (_, service) => {
    expect(service).toMatchObject(policies)
  },
)
