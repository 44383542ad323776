import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Project, RunningCommand } from './project.ts'
import { startSites } from './sites-project.ts'

/** Copies of objects that belong elsewhere are removed; a title `fail` makes its save fail. */
const config = `import { defineBackend, defineConfig, defineModel, sh } from 'orchestrajs'
import { z } from 'zod'

const site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({ id: z.int(), domain: z.string().regex(/^[a-z0-9.-]+$/), title: z.string() }),
})

const page = defineBackend({
  name: 'page',
  model: site,
  identity: ({ domain }) => domain,
  onMove: 'remove',
  prepare: (script) => script.directory('sites'),
  save(script, { domain, title }) {
    script.file(\`sites/\${domain}\`, title)
    if (title === 'fail') script.run(sh\`echo "disk of \${domain} is full" >&2; exit 3\`)
  },
  delete: (script, { domain }) => script.absent(\`sites/\${domain}\`),
})

export default defineConfig({ models: [site], backends: [page] })
`

/** `orchestra up` with an empty table of sites and servers here, \`a\` and \`b\`, without a route. */
export async function startRouted(project: Project): Promise<{ up: RunningCommand; databaseUrl: string }> {
  const { up, databaseUrl } = await startSites(project, config)
  for (const name of ['a', 'b']) {
    mkdirSync(join(project.directory, name))
    await project.run(
      'server',
      'add',
      name,
      '--method',
      'local',
      '--directory',
      join(project.directory, name),
    )
  }
  return { up, databaseUrl }
}
