import { type Backend, defineModel, sh } from 'orchestrajs'
import {
  type BackendCheckOptions,
  type CheckKind,
  checkKinds,
  describeBackend,
  sshHost,
} from 'orchestrajs/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, startLab } from '../../../lab/index.ts'
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

/** What the kit is told of a backend. */
interface Shipped extends Omit<BackendCheckOptions, 'host' | 'backend' | 'golden'> {
  backend: Backend
  /** Where it works; what else happens on the host is not its business. */
  watched: readonly string[]
}

const account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({
    login: z.string(),
    crypted: z.string().nullable(),
    shell: z.string().optional(),
    groups: z.array(z.string()).optional(),
    full_name: z.string(),
  }),
  secrets: ['crypted'],
})

/** useradd and its like keep a copy of each file that they change, and put a line in another place. */
const accountFiles = /^\/etc\/(passwd|shadow|group|gshadow|subuid|subgid)/

/** Of the word `kit`. */
const hash =
  '$6$saltsalt$lyWjU/K8S7HJ4wBeUFw/SJfpBnfTP4phdYMLpHRzTSmfhgJj21KQ9bcydZd1QyJvsxWQfHiAO7WjvCSKxyYxE.'

const users: Shipped = {
  backend: unixUser({
    model: account,
    user: ({ login, crypted, shell, groups, full_name }) => ({
      name: login,
      passwordHash: crypted,
      shell,
      groups,
      comment: full_name,
    }),
  }),
  watched: ['/etc', '/home', '/var/mail', '/var/spool/cron'],
  fixtures: [
    {
      name: 'ada',
      object: { login: 'kit-ada', crypted: hash, groups: ['kit-group'], full_name: 'Ada' },
      changed: { login: 'kit-ada', crypted: null, shell: '/bin/sh', groups: [], full_name: 'Ada Lovelace' },
      renamed: { login: 'kit-eve', crypted: hash, groups: ['kit-group'], full_name: 'Ada' },
    },
    { name: 'plain', object: { login: 'kit-plain', crypted: null, full_name: '' } },
  ],
  leaves: [/^\/etc\/(passwd|shadow|group|gshadow|subuid|subgid)-$/, '/etc/.pwd.lock'],
  varies: [accountFiles],
}

const site = defineModel({
  name: 'site',
  table: 'site',
  key: 'domain',
  schema: z.object({
    domain: z.string(),
    aliases: z.array(z.string()),
    folder: z.string().optional(),
    target: z.string().optional(),
    extra: z.array(z.string()),
  }),
})

const sites: Shipped = {
  backend: nginxSite({
    model: site,
    site: ({ domain, aliases, folder, target, extra }) => ({
      domains: [domain, ...aliases],
      root: folder,
      owner: folder === undefined ? undefined : 'www-data',
      redirectTo: target,
      directives: extra,
    }),
  }),
  watched: ['/etc', '/srv'],
  fixtures: [
    {
      name: 'pages',
      object: {
        domain: 'kit.example',
        aliases: ['www.kit.example'],
        folder: '/srv/sites/kit',
        extra: ['add_header X-Kit yes;'],
      },
      changed: { domain: 'kit.example', aliases: [], folder: '/srv/sites/kit', extra: [] },
      renamed: {
        domain: 'renamed.example',
        aliases: ['www.kit.example'],
        folder: '/srv/sites/kit',
        extra: ['add_header X-Kit yes;'],
      },
    },
    {
      name: 'redirect',
      object: { domain: 'kit.example.net', aliases: [], target: 'https://kit.example', extra: [] },
    },
  ],
  // The files of a site are its owner's.
  leaves: ['/srv/sites'],
  trusted: ['extra'],
}

const domain = defineModel({
  name: 'domain',
  table: 'domain',
  key: 'zone',
  schema: z.object({
    zone: z.string(),
    hosts: z.array(z.object({ name: z.string(), type: z.enum(['A', 'TXT']), value: z.string() })),
  }),
})

const zones = {
  watched: ['/etc/bind', '/var/cache/bind/orchestra'],
  fixtures: [
    {
      name: 'zone',
      object: { zone: 'kit.example', hosts: [{ name: 'www', type: 'A', value: '192.0.2.10' }] },
      renamed: { zone: 'renamed.example', hosts: [{ name: 'www', type: 'A', value: '192.0.2.10' }] },
    },
    {
      name: 'text',
      object: { zone: 'kit.example.net', hosts: [{ name: '@', type: 'TXT', value: 'v=spf1 -all' }] },
    },
  ],
  // A serial number only grows.
  varies: [/\.zone$/],
}

const primary: Shipped = {
  ...zones,
  backend: bind9Primary({
    model: domain,
    zone: ({ zone, hosts }) => ({
      name: zone,
      nameServers: ['ns1.example.org'],
      hostmaster: 'host@example.org',
      records: hosts,
    }),
  }),
  fixtures: zones.fixtures.map((fixture) => ({
    ...fixture,
    changed: { ...fixture.object, hosts: [{ name: 'mail', type: 'A', value: '192.0.2.11' }] },
  })),
}

const secondary: Shipped = {
  ...zones,
  backend: bind9Secondary({
    model: domain,
    // Nobody answers there.
    primaries: ['192.0.2.1'],
    zone: ({ zone }) => ({ name: zone }),
  }),
}

const job = defineModel({
  name: 'job',
  table: 'job',
  key: 'title',
  schema: z.object({
    title: z.string(),
    at: z.string(),
    runs_as: z.string(),
    line: z.string(),
    token: z.string().optional(),
    paused: z.boolean().optional(),
  }),
  secrets: ['token'],
})

const jobs: Shipped = {
  backend: cronJob({
    model: job,
    job: (row) => ({
      name: row.title,
      schedule: row.at,
      user: row.runs_as,
      command: row.line,
      enabled: !row.paused,
      environment: { TOKEN: row.token },
    }),
  }),
  watched: ['/etc'],
  fixtures: [
    {
      name: 'nightly',
      object: {
        title: 'kit',
        at: '0 4 * * *',
        runs_as: 'deploy',
        line: "echo 100% 'done'",
        token: 'tok%n 1234',
      },
      changed: { title: 'kit', at: '@daily', runs_as: 'deploy', line: 'true', token: 'another 1234' },
      renamed: {
        title: 'kit2',
        at: '0 4 * * *',
        runs_as: 'deploy',
        line: "echo 100% 'done'",
        token: 'tok%n 1234',
      },
    },
  ],
}

const database = defineModel({
  name: 'database',
  table: 'database',
  key: 'db',
  schema: z.object({ db: z.string(), owner: z.string(), password: z.string() }),
  secrets: ['password'],
})

const databases: Shipped = {
  backend: mariadbDatabase({
    model: database,
    database: ({ db, owner, password }) => ({ name: db, users: [{ name: owner, password }] }),
  }),
  watched: ['/etc/mysql', '/root'],
  observe: [
    sh`mariadb -N -e 'select * from information_schema.schemata; select * from information_schema.schema_privileges'`,
    sh`mariadb -N -e 'select user, host, authentication_string from mysql.user'`,
  ],
  fixtures: [
    {
      name: 'shop',
      object: { db: 'kit_shop', owner: 'kit_owner', password: "it's \\ 1234" },
      changed: { db: 'kit_shop', owner: 'kit_owner', password: 'another 1234' },
      renamed: { db: 'kit_store', owner: 'kit_owner', password: "it's \\ 1234" },
    },
  ],
}

const redirect = defineModel({
  name: 'redirect',
  table: 'redirect',
  key: 'host',
  schema: z.object({ host: z.string(), target: z.string() }),
})

const redirects: Shipped = {
  backend: nginxMap({
    model: redirect,
    variable: '$kit_target',
    entry: ({ host, target }) => ({ from: [host], to: target }),
  }),
  watched: ['/etc/nginx'],
  fixtures: [
    {
      name: 'old',
      object: { host: 'old.example', target: 'https://new.example' },
      changed: { host: 'old.example', target: 'https://newer.example' },
    },
    { name: 'all', object: { host: '*.old.example.net', target: 'https://new.example/a b?c={d};#e' } },
  ],
}

const address = defineModel({
  name: 'address',
  table: 'address',
  key: 'name',
  schema: z.object({ name: z.string(), to: z.string() }),
})

const mail = {
  watched: ['/etc/postfix'],
  // The daemon's own form of a map is written anew with it, byte for byte different.
  varies: [/\.(db|lmdb)$/],
}

const mailDomains: Shipped = {
  ...mail,
  backend: postfixDomains({ model: address, domain: ({ name }) => ({ domain: name }) }),
  fixtures: [
    {
      name: 'first',
      object: { name: 'mail.example', to: '' },
      renamed: { name: 'post.example', to: '' },
    },
    { name: 'second', object: { name: 'mail.example.net', to: '' } },
  ],
}

const mailAliases: Shipped = {
  ...mail,
  backend: postfixAliases({ model: address, alias: ({ name, to }) => ({ from: name, to: [to] }) }),
  fixtures: [
    {
      name: 'info',
      object: { name: 'info@mail.example', to: 'ada@mail.example' },
      changed: { name: 'info@mail.example', to: 'bea@mail.example' },
    },
    { name: 'all', object: { name: '@mail.example.net', to: 'ada@mail.example' } },
  ],
}

const mailboxes: Shipped = {
  ...mail,
  backend: postfixMailboxes({
    model: address,
    mailbox: ({ name, to }) => ({ address: name, path: to }),
    owner: { uid: 5000, gid: 5000 },
  }),
  fixtures: [
    {
      name: 'ada',
      object: { name: 'ada@mail.example', to: 'mail.example/ada/' },
      changed: { name: 'ada@mail.example', to: 'mail.example/ada2/' },
    },
    { name: 'bea', object: { name: 'bea@mail.example', to: 'mail.example/bea/' } },
  ],
}

const shipped = [
  users,
  sites,
  primary,
  secondary,
  jobs,
  databases,
  redirects,
  mailDomains,
  mailAliases,
  mailboxes,
]

const rendering: readonly CheckKind[] = ['golden', 'shellcheck', 'secrets']
const onHosts = checkKinds.filter((kind) => !rendering.includes(kind))

describe('what the shipped backends render', () => {
  for (const { watched: _, ...options } of shipped) {
    const golden = `${import.meta.dirname}/golden/${options.backend.name}`
    describeBackend(test, { ...options, golden, except: onHosts })
  }
})

describeLab('what the shipped backends do', () => {
  let lab: Lab

  beforeAll(async () => {
    lab = await startLab({ hosts: ['kit1'] })
    await lab.host('kit1').must('systemctl start nginx named cron mariadb postfix')
    await lab.host('kit1').must("postconf -e 'virtual_mailbox_domains=mail.example mail.example.net'")
  }, 600_000)

  afterAll(() => lab?.stop(), 60_000)

  function host(watched: readonly string[]) {
    const { name, address, port, hostKey } = lab.host('kit1')
    return sshHost({ name, host: address, port, hostKey, identityFile: lab.clientKeyPath, watched })
  }

  for (const { watched, ...options } of shipped)
    describeBackend(test, { ...options, host: () => host(watched), except: rendering })
})
