import { z } from 'zod'
import { defineBackend } from '../packages/orchestra/src/config/backend.ts'
import { type Config, defineConfig } from '../packages/orchestra/src/config/config.ts'
import { defineModel } from '../packages/orchestra/src/config/model.ts'

/** The application that is measured: each row is a small file on one host. */
export const page = defineModel({
  name: 'page',
  table: 'page',
  schema: z.object({ id: z.int(), host: z.string(), body: z.string() }),
})

export const pages = defineBackend({
  name: 'pages',
  model: page,
  prepare: (script) => script.directory('pages'),
  save: (script, { id, body }) => script.file(`pages/${id}`, contentOf(body)),
  delete: (script, { id }) => script.absent(`pages/${id}`),
})

export const config: Config = defineConfig({ models: [page], backends: [pages] })

export const createTable =
  'create table page (id integer primary key, host text not null, body text not null)'

/** About what a small virtual host needs. */
export function contentOf(body: string): string {
  return `${`# ${body}\n`.padEnd(200, 'abcdefgh ')}\n`
}
