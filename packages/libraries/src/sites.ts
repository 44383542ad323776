import { defineBackend, defineConfig, defineModel, type Plan } from 'orchestrajs'
import { z } from 'zod'

/** The tables of the application: sites, labels, and which site carries which labels. */
export const tables = `
create table site (
  id serial primary key, domain text not null unique, plan text not null default 'basic', note text not null default '',
  quota bigint not null default 1234567890123456789, created timestamptz not null default now()
);
create table label (id serial primary key, name text not null unique);
create table site_label (
  site_id integer not null references site on delete cascade,
  label_id integer not null references label on delete cascade,
  primary key (site_id, label_id)
)`

const Site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({
    id: z.int(),
    domain: z.hostname(),
    plan: z.string(),
    // No library here maps these two. Plans read them by its connection nonetheless, with its ideas of types.
    quota: z.bigint(),
    created: z.date(),
    labels: z.array(z.string()),
  }),
  related: [{ table: 'site_label', references: { site_id: 'id' } }],
  ignore: ['note'],
  load: (keys, { query }) =>
    query(
      `select site.id, domain, plan, quota, created, array(
         select name from site_label join label on label.id = label_id where site_id = site.id order by name
       ) as labels from site where site.id = any($1::integer[])`,
      [keys.map(([id]) => id)],
    ),
})

const Label = defineModel({
  name: 'label',
  table: 'label',
  schema: z.object({ id: z.int(), name: z.string() }),
})

const sites = defineBackend({
  name: 'sites',
  model: Site,
  prepare: (script) => script.directory('sites'),
  save: (script, { id, domain, plan, quota, labels }) =>
    script.file(`sites/${id}`, `${[domain, plan, quota, ...labels].join(' ')}\n`),
  delete: (script, { id }) => script.absent(`sites/${id}`),
})

const labels = defineBackend({
  name: 'labels',
  model: Label,
  prepare: (script) => script.directory('labels'),
  save: (script, { id, name }) => script.file(`labels/${id}`, `${name}\n`),
  delete: (script, { id }) => script.absent(`labels/${id}`),
})

export default defineConfig({ models: [Site, Label], backends: [sites, labels] })

export interface NewSite {
  domain: string
  plan: string
  /** Anything that a person may type; no model reads it. */
  note: string
}

/** What the application does with its database, each written as users of the library write it. */
export interface Sites {
  /** Inserts a row and answers its id. */
  create(site: NewSite): Promise<number>
  update(id: number, plan: string): Promise<void>
  remove(id: number): Promise<void>
  /** In one transaction: a site, new labels, and that it carries them. */
  createLabelled(site: NewSite, labels: string[]): Promise<number>
  /** In one transaction: the plan `pro`, then `pay`, whose failure rolls the transaction back and is the caller's. */
  upgrade(id: number, pay: () => Promise<void>): Promise<void>
  /** In one transaction: each site in a savepoint, to which one is rolled back whose domain is taken. Answers the new ids. */
  importEach(sites: NewSite[]): Promise<number[]>
  /** One statement for many rows. */
  createAll(sites: NewSite[]): Promise<number[]>
  /** One statement for many rows. */
  updateAll(ids: number[], plan: string): Promise<void>
  /** Inserts the site, or updates the one with this domain. */
  put(site: NewSite): Promise<number>
  /** In one transaction: the site carries these labels and no others. */
  label(id: number, labelIds: number[]): Promise<void>
  /** In one transaction: the site, and what its commit will do. What cannot be applied throws and rolls back. */
  createPlanned(site: NewSite): Promise<{ id: number; plan: Plan | undefined }>
  close(): Promise<void>
}

/** `23505`: Postgres' code of a key that is taken. */
export const uniqueViolation = '23505'
