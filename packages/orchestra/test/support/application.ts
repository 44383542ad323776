import pg from 'pg'
import { onTestFinished } from 'vitest'
import { Orchestra } from '../../src/index.ts'
import { testKey } from './stores.ts'
import type { World } from './world.ts'

/** An application over the same database as the world: its Orchestra and its wrapped pool, closed after the test. */
export async function application(world: World): Promise<{ orchestra: Orchestra; pool: pg.Pool }> {
  const { databaseUrl } = world.store
  const orchestra = await Orchestra.open(world.config, {
    directory: world.directory,
    key: testKey,
    databaseUrl,
  })
  const raw = new pg.Pool({ connectionString: databaseUrl })
  // Ending a pool does not wait for its sockets: a server that stops meanwhile may still have a last word.
  raw.on('connect', (client) => client.on('error', () => undefined))
  onTestFinished(async () => {
    await raw.end()
    await orchestra.close()
  })
  return { orchestra, pool: orchestra.pool(raw) }
}
