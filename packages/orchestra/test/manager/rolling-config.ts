import { type Config, defineConfig, type Model, raw, sh } from '../../src/index.ts'
import { quickBackoff, Site, siteFilesWith } from '../support/world.ts'

export type Release = 'old' | 'new'

/** Every script notes on the server, under its lock, when it begins and when it ends. */
const note = (word: string) => sh`${raw(`echo ${word} $$ >>scripts`)}`

function backendOf(name: string, word: string) {
  return siteFilesWith({
    name,
    prepare: (script) => {
      script.directory(name)
      script.run(note('begin'))
      // Long enough to be met in the middle.
      script.run(sh`${raw('sleep 0.$((RANDOM % 3))')}`)
    },
    save: (script, site) => script.file(`${name}/${site.id}`, `${word} ${site.body}`),
    delete: (script, site) => script.absent(`${name}/${site.id}`),
    commit: (script) => script.run(note('end')),
  })
}

/** The newer one writes the same files otherwise, and knows one backend more; the older one knows one that the newer has not. */
export function rollingConfig(release: Release): Config {
  const own = release === 'new' ? 'notes' : 'ledgers'
  return defineConfig({
    models: [Site as Model],
    backends: [backendOf('sites', release), backendOf(own, 'own')],
    release,
    worker: { backoff: quickBackoff, timeouts: { connect: 2_000, idle: 3_000, total: 20_000 } },
  })
}
