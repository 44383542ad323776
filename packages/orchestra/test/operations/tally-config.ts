import { defineConfig } from '../../src/config/config.ts'
import type { Model } from '../../src/index.ts'
import { quickBackoff, Site, siteFiles, siteFilesWith } from '../support/world.ts'

/** Two backends, of which one keeps what was renamed. */
export const siteBackends = [
  siteFiles,
  siteFilesWith({
    name: 'copies',
    onRename: 'keep',
    prepare: (script) => script.directory('copies'),
    save: (script, site) => script.file(`copies/${site.domain}`, site.body),
    delete: (script, site) => script.absent(`copies/${site.domain}`),
  }),
]

export const tallyConfig = defineConfig({
  models: [Site as Model],
  backends: siteBackends,
  worker: { backoff: quickBackoff },
})
