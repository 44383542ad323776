import { setTimeout as sleep } from 'node:timers/promises'
import { defineBackend } from '../packages/orchestra/src/config/backend.ts'
import { type Config, defineConfig } from '../packages/orchestra/src/config/config.ts'
import type { Key, Model } from '../packages/orchestra/src/config/model.ts'
import { page } from './project.ts'

/** Milliseconds that whatever the loader asks beside the database takes, however much it is asked for. */
const BATCH = 100

/** The same rows, loaded by something slow, and handed to functions that do nothing. */
const slowPage: Model = {
  ...(page as Model),
  load: async (keys: readonly Key[], { query }) => {
    await sleep(BATCH)
    return query('select * from page where id = any($1::int[])', [keys.map(([id]) => id)])
  },
}

export const calls = defineBackend({
  name: 'calls',
  model: slowPage,
  save: (script) => script.call('take', async () => undefined),
})

export const config: Config = defineConfig({ models: [slowPage], backends: [calls] })
