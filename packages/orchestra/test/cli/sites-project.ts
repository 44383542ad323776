import { firstTable } from '../../src/cli/init-config.ts'
import { type Project, query, type RunningCommand } from './project.ts'

/** `orchestra up` with a configuration for the first table, once it captures that. */
export async function startSites(
  project: Project,
  config: string,
): Promise<{ up: RunningCommand; databaseUrl: string }> {
  project.write('orchestra.config.ts', config)
  await project.embed()
  const up = project.start('up', '--json', '--port', '0', '--no-http')
  await up.printed('"ready"')
  const ready = up.records().find((record) => record.event === 'ready')
  const databaseUrl = project.environment.DATABASE_URL ?? String(ready?.databaseUrl)
  await query(databaseUrl, firstTable)
  await up.printed('"captured"')
  return { up, databaseUrl }
}
