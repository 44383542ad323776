import { defineBackend } from '../packages/orchestra/src/config/backend.ts'
import { type Config, defineConfig } from '../packages/orchestra/src/config/config.ts'
import { contentOf, page } from './project.ts'

/** Columns of the matrix. */
export const BACKENDS = 20

export const backendNames: readonly string[] = Array.from({ length: BACKENDS }, (_, at) => `backend${at + 1}`)

/** A store with many backends, whose API is asked as fast as it answers. */
export const config: Config = defineConfig({
  models: [page],
  backends: backendNames.map((name) =>
    defineBackend({
      name,
      model: page,
      save: (script, { id, body }) => script.file(`${name}/${id}`, contentOf(body)),
      delete: (script, { id }) => script.absent(`${name}/${id}`),
    }),
  ),
  http: { requests: 1_000_000, streams: 20_000 },
})

export default config
