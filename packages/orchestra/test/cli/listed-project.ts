import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from './project.ts'
import { startSites } from './sites-project.ts'

const config = `import { defineBackend, defineConfig, defineModel, sh } from 'orchestrajs'
import { z } from 'zod'

const site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({ id: z.int(), domain: z.string(), title: z.string() }),
})
const together = sh\`cat sites/* > together\`

const page = defineBackend({
  name: 'page',
  model: site,
  identity: ({ domain }) => domain,
  prepare: (script) => script.directory('sites'),
  save(script, { domain, title }) {
    script.file(\`sites/\${domain}\`, \`<h1>\${title}</h1>\\n\`)
    script.reload('together', { command: together })
  },
  delete: (script, { domain }) => script.absent(\`sites/\${domain}\`),
  list: sh\`ls -A sites\`,
  read: (identity) => sh\`cat \${\`sites/\${identity}\`}\`,
  prune: (script, identity) => script.absent(\`sites/\${identity}\`),
})

export default defineConfig({ models: [site], backends: [page] })
`

/** `orchestra up` with a backend that can list what a server has, its table, and a server `here` that nothing was sent to. */
export async function startListed(project: Project): Promise<{ databaseUrl: string; there: string }> {
  const { databaseUrl } = await startSites(project, config)
  const there = join(project.directory, 'here')
  mkdirSync(join(there, 'sites'), { recursive: true })
  await project.run('server', 'add', 'here', '--method', 'local', '--directory', there)
  return { databaseUrl, there }
}
