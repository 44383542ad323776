/**
 * Shows: work that no change of a row stands for. The backend names an action of its own, and the application asks for it
 * with `orchestra.collect`; it takes the same way as a save, with a log and an outcome.
 */
import { defineBackend, defineConfig, defineModel, type Orchestra, sh } from 'orchestrajs'
import { z } from 'zod'

export const tables = 'create table site (id serial primary key, domain text not null unique)'

const Site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({ id: z.int(), domain: z.string().regex(/^[a-z0-9.-]+$/) }),
})

const cache = defineBackend({
  name: 'cache',
  model: Site,
  save: (script, site) => script.directory(`cache/${site.domain}`),
  delete: (script, site) => script.absent(`cache/${site.domain}`, { recursive: true }),
  actions: {
    purge: (script, site) => script.run(sh`find ${`cache/${site.domain}`} -mindepth 1 -delete`),
  },
})

export default defineConfig({ models: [Site], backends: [cache] })

/** Empties the cache of a site on every server that has it; answers whether all of them did. */
export function purge(orchestra: Orchestra, siteId: number): Promise<boolean> {
  return orchestra.unitOfWork(async (unit) => {
    await orchestra.collect('site', siteId, { action: 'purge' })
    const { operations } = await unit.settled({ timeout: 10_000 })
    return operations.every(({ outcome }) => outcome === 'success')
  })
}
