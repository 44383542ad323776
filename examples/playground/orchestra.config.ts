import { resolve } from 'node:path'
import { defineBackend, defineConfig, defineModel, sh } from 'orchestrajs'
import { z } from 'zod'
import { oneLine, page } from './page.ts'

/** What may become the name of a host: nothing in it means anything to a shell, a path or a browser. */
const domain = z
  .string()
  .max(253)
  .regex(
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'use a lower-case domain name such as shop.example',
  )

const site = z.object({
  id: z.int(),
  domain,
  title: z.string(),
  body: z.string(),
  plan: z.enum(['free', 'pro', 'business']),
  aliases: z.array(domain),
})

/** A site with its aliases: a change of either is a change of the site. */
export const Site = defineModel({
  name: 'site',
  table: 'site',
  schema: site,
  related: [{ table: 'site_alias', references: { site_id: 'id' } }],
  load: (keys, { query }) =>
    query<z.input<typeof site>>(
      `select site.*, array(select domain from site_alias where site_id = site.id order by id) as aliases
       from site where id = any($1::integer[])`,
      [keys.map(([id]) => id)],
    ),
})

/**
 * Puts sites on a server. Files are named by the id and hold the domains, so a site that changes its domain leaves
 * nothing under the old one.
 */
export const pages = defineBackend({
  name: 'pages',
  model: Site,
  identity: ({ domain }) => domain,
  prepare(script) {
    script.directory('pages')
    script.directory('hosts')
  },
  save(script, site) {
    script.file(`pages/${site.id}.html`, page(site))
    script.file(`hosts/${site.id}`, `${[site.domain, ...site.aliases].join('\n')}\n`)
  },
  // Files are named by the id: there is nothing to move.
  rename: () => {},
  // A site whose plan shrinks leaves servers.
  onMove: 'remove',
  delete(script, site) {
    script.absent(`hosts/${site.id}`)
    script.absent(`pages/${site.id}.html`)
  },
})

/** Keeps a list of all sites, a line each, made anew at the end of each script. */
export const catalogue = defineBackend({
  name: 'catalogue',
  model: Site,
  after: ['pages'],
  identity: ({ domain }) => domain,
  prepare(script) {
    script.directory('catalogue')
  },
  save(script, site) {
    script.file(`catalogue/${site.id}`, `${site.domain}\t${site.plan}\t${oneLine(site.title)}\n`)
  },
  rename: () => {},
  onMove: 'remove',
  delete(script, site) {
    script.absent(`catalogue/${site.id}`)
  },
  commit(script) {
    const all = sh`find catalogue -type f -exec cat {} + | sort`
    script.run(sh`${all} >.catalogue.new; mv .catalogue.new catalogue.txt`, {
      unless: sh`${all} | cmp -s - catalogue.txt`,
    })
  },
})

/** The root of the repository, so that `orchestra --config` finds the playground that `npm start` runs. */
export const directory = resolve(import.meta.dirname, '../../.orchestra')

export default defineConfig({ models: [Site], backends: [pages, catalogue], store: { directory } })
