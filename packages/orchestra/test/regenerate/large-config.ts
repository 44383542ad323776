import { defineBackend, defineConfig, type Model } from '../../src/index.ts'
import { quickBackoff, Site } from '../support/world.ts'

/** A file with a long line for each site. */
export const large = defineBackend({
  name: 'large',
  model: Site,
  sync: (script, objects) =>
    script.file('large', [
      '<\n',
      objects.map((site) => `${site.id} ${site.body} ${'x'.repeat(600)}\n`),
      '>\n',
    ]),
})

export const largeConfig = defineConfig({
  models: [Site as Model],
  backends: [large],
  worker: { backoff: quickBackoff },
})
