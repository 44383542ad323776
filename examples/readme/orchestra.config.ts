import { defineBackend, defineConfig, defineModel, sh } from 'orchestrajs'
import { z } from 'zod'

// One row of the application's table `redirect` is one object of this model.
const redirect = defineModel({
  name: 'redirect',
  table: 'redirect',
  schema: z.object({
    id: z.int(),
    host: z.hostname(),
    target: z.string().regex(/^https:\/\/[\w./-]+$/),
    active: z.boolean(),
  }),
})

// Runs once at the end of a script, however many rows changed, and only if one did: elsewhere `systemctl reload nginx`.
const command = sh`date >>reloaded`

// What should be true on a server. Nothing runs here: each call adds a step to the script.
const redirects = defineBackend({
  name: 'redirects',
  model: redirect,
  identity: ({ host }) => host,
  prepare(script) {
    script.directory('redirects')
  },
  save(script, { id, host, target, active }) {
    if (active) script.file(`redirects/${id}.conf`, `server { server_name ${host}; return 301 ${target}; }\n`)
    else script.absent(`redirects/${id}.conf`)
    script.reload('nginx', { command })
  },
  delete(script, { id }) {
    script.absent(`redirects/${id}.conf`)
    script.reload('nginx', { command })
  },
})

export default defineConfig({ models: [redirect], backends: [redirects] })
