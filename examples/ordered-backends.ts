/**
 * Shows: order between services. A site needs its user first, so the backend of sites comes `after` the backend of users:
 * when both change, users are saved before sites, and sites are deleted before users.
 */
import { defineBackend, defineConfig, defineModel, sh } from 'orchestrajs'
import { z } from 'zod'

export const tables = `
create table person (name text primary key);
create table site (
  domain text primary key,
  owner text not null references person (name) on delete cascade
);`

const name = z.string().regex(/^[a-z0-9.]+$/)

const Person = defineModel({ name: 'person', table: 'person', key: 'name', schema: z.object({ name }) })

const Site = defineModel({
  name: 'site',
  table: 'site',
  key: 'domain',
  schema: z.object({ domain: name, owner: name }),
})

const people = defineBackend({
  name: 'people',
  model: Person,
  save: (script, person) => script.directory(`home/${person.name}`),
  // Not recursive: it would fail if the sites were still there.
  delete: (script, person) => script.absent(`home/${person.name}`),
})

const sites = defineBackend({
  name: 'sites',
  model: Site,
  after: ['people'],
  save(script, site) {
    const home = `home/${site.owner}`
    script.run(sh`mkdir ${`${home}/${site.domain}`}`, { unless: sh`test -d ${`${home}/${site.domain}`}` })
  },
  delete: (script, site) => script.absent(`home/${site.owner}/${site.domain}`),
})

export default defineConfig({ models: [Person, Site], backends: [sites, people] })
