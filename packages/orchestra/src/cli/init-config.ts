/** The table that the first configuration watches. */
export const firstTable =
  'create table site (id serial primary key, domain text not null unique, title text not null)'

/** A configuration to begin with: one model, one backend. */
export const firstConfig = `import { defineBackend, defineConfig, defineModel } from 'orchestrajs'
import { z } from 'zod'

// A model says which table holds the objects and what they look like. Every committed change of the table,
// whoever makes it, becomes work for the servers that routes lead to.
const Site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({
    id: z.number().int(),
    domain: z.string().regex(/^[a-z0-9.-]+$/),
    title: z.string(),
  }),
})

// A backend says what should be true on a server for one object. It runs again and again, so it names the
// state and not the steps; what is true already is left alone.
const page = defineBackend({
  name: 'page',
  model: Site,
  identity: (site) => site.domain,
  prepare(script) {
    script.directory('sites')
  },
  save(script, site) {
    script.file(\`sites/\${site.domain}.html\`, \`<h1>\${escapeHtml(site.title)}</h1>\\n\`)
  },
  delete(script, site) {
    script.absent(\`sites/\${site.domain}.html\`)
  },
})

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => \`&#\${character.charCodeAt(0)};\`)
}

export default defineConfig({
  models: [Site],
  backends: [page],
})
`
