import { defineBackend, defineConfig, defineModel, sh } from 'orchestrajs'
import { z } from 'zod'

// One row of the application's table `redirect` is one object of this model.
const redirect = defineModel({
  name: 'redirect',
  table: 'redirect',
  schema: z.object({
    id: z.int(),
    host: z.hostname(),
    target: z.url(),
    active: z.boolean(),
  }),
})

// Made anew once at the end of a script, however many rows changed, and only if one did.
const rebuild = sh`find redirects -type f -exec cat {} + > redirects.map.new; mv redirects.map.new redirects.map`

// What should be true on a server. Nothing runs here: each call adds a step to the script.
const redirects = defineBackend({
  name: 'redirects',
  model: redirect,
  identity: ({ host }) => host,
  prepare(script) {
    script.directory('redirects')
  },
  save(script, { id, host, target, active }) {
    if (active) script.file(`redirects/${id}`, `${host} ${target};\n`)
    else script.absent(`redirects/${id}`)
    script.reload('redirects', { command: rebuild })
  },
  delete(script, { id }) {
    script.absent(`redirects/${id}`)
    script.reload('redirects', { command: rebuild })
  },
})

export default defineConfig({ models: [redirect], backends: [redirects] })
