import { defineConfig, type Model, raw, sh } from '../../src/index.ts'
import { quickBackoff, Site, siteFilesWith } from '../support/world.ts'

/** Every script notes on the server, under its lock, when it begins and when it ends. */
const note = (word: string) => sh`${raw(`echo ${word} $$ >>notes`)}`

export const chaosBackend = siteFilesWith({
  prepare: (script) => {
    script.directory('sites')
    script.run(note('begin'))
    // Long enough to be met in the middle.
    script.run(sh`${raw('sleep 0.$((RANDOM % 8))')}`)
  },
  commit: (script) => script.run(note('end')),
})

export const chaosConfig = defineConfig({
  models: [Site as Model],
  backends: [chaosBackend],
  worker: { backoff: quickBackoff, timeouts: { connect: 2_000, idle: 3_000, total: 20_000 } },
})
