import { type Backend, checkOptions, defineBackend, type NamesOf, type ObjectOf } from 'orchestrajs'
import type { z } from 'zod'
import { checked, type Mapping, policiesOf, type ServiceOptions, serviceNames } from '../service.ts'
import {
  aliasSchema,
  domainSchema,
  mailboxSchema,
  type PostfixAlias,
  type PostfixDomain,
  type PostfixMailbox,
} from './entries.ts'
import {
  type Lists,
  type Parameters,
  prepareTables,
  set,
  settingsSchema,
  useTables,
  writeTable,
} from './table.ts'

export type { PostfixAlias, PostfixDomain, PostfixMailbox } from './entries.ts'

/** The backend's name is made of that of all three maps. */
type MapOptions<Schema extends z.ZodType, Secrets extends string> = Omit<
  ServiceOptions<Schema, Secrets>,
  'name'
>

export interface PostfixDomainsOptions<Schema extends z.ZodType, Secrets extends string>
  extends MapOptions<Schema, Secrets> {
  domain: Mapping<Schema, Secrets, PostfixDomain>
}

export interface PostfixAliasesOptions<Schema extends z.ZodType, Secrets extends string>
  extends MapOptions<Schema, Secrets> {
  alias: Mapping<Schema, Secrets, PostfixAlias>
}

export interface PostfixMailboxesOptions<Schema extends z.ZodType, Secrets extends string>
  extends MapOptions<Schema, Secrets> {
  mailbox: Mapping<Schema, Secrets, PostfixMailbox>
  /** Directory that the paths of mailboxes are below; default /var/mail/virtual. */
  base?: string
  /** User and group that all mailboxes belong to, by number; needed where Postfix itself delivers. */
  owner?: { uid: number; gid: number }
  /** Who delivers, for example `lmtp:unix:private/dovecot-lmtp`; default Postfix itself. */
  transport?: string
}

/** What all three maps share. */
export interface PostfixTablesOptions {
  /** Begins the backends' names; default `postfix`. */
  name?: string
  /** Where the maps are; default /etc/postfix/orchestra. */
  directory?: string
  /** As `default_database_type` of the servers says; default hash. */
  type?: 'hash' | 'lmdb'
}

const tableNames = { ...serviceNames, directory: true, type: true } as const
const domainNames: NamesOf<PostfixDomainsOptions<z.ZodType, string> & PostfixTablesOptions> = {
  ...tableNames,
  domain: true,
}
const aliasNames: NamesOf<PostfixAliasesOptions<z.ZodType, string> & PostfixTablesOptions> = {
  ...tableNames,
  alias: true,
}
const mailboxNames: NamesOf<PostfixMailboxesOptions<z.ZodType, string> & PostfixTablesOptions> = {
  ...tableNames,
  mailbox: true,
  base: true,
  owner: { uid: true, gid: true },
  transport: true,
}

/** Domains whose mail a server takes; their addresses are in the other two maps. Written as a whole. */
export function postfixDomains<Schema extends z.ZodType, Secrets extends string>(
  options: PostfixDomainsOptions<Schema, Secrets> & PostfixTablesOptions,
): Backend {
  checkOptions('postfixDomains()', options, domainNames)
  const domainOf = (object: ObjectOf<Schema, Secrets>) =>
    checked('A mail domain', domainSchema, options.domain(object)).domain
  return mapBackend(options, 'domains', {
    identity: domainOf,
    tables: { domains: (object) => `${domainOf(object)} OK\n` },
    lists: { virtual_mailbox_domains: ['domains'] },
  })
}

/** Addresses whose mail goes to others. Written as a whole. */
export function postfixAliases<Schema extends z.ZodType, Secrets extends string>(
  options: PostfixAliasesOptions<Schema, Secrets> & PostfixTablesOptions,
): Backend {
  checkOptions('postfixAliases()', options, aliasNames)
  const aliasOf = (object: ObjectOf<Schema, Secrets>) =>
    checked('A mail alias', aliasSchema, options.alias(object))
  return mapBackend(options, 'aliases', {
    identity: (object) => aliasOf(object).from,
    tables: {
      aliases: (object) => {
        const { from, to } = aliasOf(object)
        return `${from} ${to.join(', ')}\n`
      },
    },
    lists: { virtual_alias_maps: ['aliases', 'addresses'] },
  })
}

/** Addresses whose mail is kept. Written as a whole. */
export function postfixMailboxes<Schema extends z.ZodType, Secrets extends string>(
  options: PostfixMailboxesOptions<Schema, Secrets> & PostfixTablesOptions,
): Backend {
  checkOptions('postfixMailboxes()', options, mailboxNames)
  const mailboxOf = (object: ObjectOf<Schema, Secrets>) =>
    checked('A mailbox', mailboxSchema, options.mailbox(object))
  const { base, owner, transport } = checked('The mailboxes of Postfix', settingsSchema, options)
  return mapBackend(options, 'mailboxes', {
    identity: (object) => mailboxOf(object).address,
    tables: {
      mailboxes: (object) => {
        const { address, path } = mailboxOf(object)
        return `${address} ${path}\n`
      },
      // Else an alias for all of a domain would take the mail of its mailboxes: aliases are looked up first.
      addresses: (object) => {
        const { address } = mailboxOf(object)
        return `${address} ${address}\n`
      },
    },
    lists: { virtual_mailbox_maps: ['mailboxes'], virtual_alias_maps: ['aliases', 'addresses'] },
    parameters: {
      virtual_mailbox_base: base,
      ...(owner && { virtual_uid_maps: `static:${owner.uid}`, virtual_gid_maps: `static:${owner.gid}` }),
      ...(transport && { virtual_transport: transport }),
    },
  })
}

interface Entries<O> {
  identity(object: O): string
  /** The lines of each map, by its name. */
  tables: Readonly<Record<string, (object: O) => string>>
  /** Where main.cf names them. */
  lists: Lists
  /** What else it says. */
  parameters?: Parameters
}

function mapBackend<Schema extends z.ZodType, Secrets extends string>(
  options: MapOptions<Schema, Secrets> & PostfixTablesOptions,
  kind: string,
  { identity, tables, lists, parameters }: Entries<ObjectOf<Schema, Secrets>>,
): Backend {
  const { name = 'postfix', model, after = [] } = options
  const { directory, type } = checked('A map of Postfix', settingsSchema, options)
  return defineBackend({
    ...policiesOf(options),
    name: `${name}-${kind}`,
    model,
    after,
    identity,
    prepare: (script) => prepareTables(script, directory),
    sync(script, objects) {
      for (const [table, line] of Object.entries(tables))
        writeTable(script, { directory, type, name: table }, objects.map(line))
    },
    commit(script) {
      if (parameters !== undefined) set(script, parameters)
      useTables(script, { directory, type }, lists)
    },
  })
}
