import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Config, defineConfig, type Model } from '../../src/index.ts'
import { quickBackoff, Site, type SiteRow, siteFilesWith } from '../support/world.ts'

/** Files by which a worker of its own says where it is, and a test lets it go on. */
export const loadingFile = (directory: string) => join(directory, 'loading')
export const goFile = (directory: string) => join(directory, 'go')

/**
 * Sites whose loader, once it has read a row of body `old`, says so and waits.
 * @param directory where; undefined for a worker that never waits
 */
export function decidersConfig(directory?: string): Config {
  const load: (typeof Site)['load'] = async (keys, { query }) => {
    const rows = await query<SiteRow>('select * from site where id = any($1::int[])', [
      keys.map(([id]) => id),
    ])
    if (directory !== undefined && rows.some(({ body }) => body === 'old')) await pass(directory)
    return rows
  }
  const model = { ...Site, load }
  return defineConfig({
    models: [model as Model],
    backends: [siteFilesWith({ model })],
    worker: { backoff: quickBackoff },
  })
}

async function pass(directory: string): Promise<void> {
  await writeFile(loadingFile(directory), '')
  while (
    !(await access(goFile(directory)).then(
      () => true,
      () => false,
    ))
  )
    await sleep(5)
}
