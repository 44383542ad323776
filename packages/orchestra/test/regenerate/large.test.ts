import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createMethods, type Methods } from '../../src/methods/index.ts'
import { liveBytes } from '../support/live-memory.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { startWorker } from '../support/worker-process.ts'
import { useWorlds, type World } from '../support/world.ts'
import { large } from './large-config.ts'

const MEGABYTE = 1024 * 1024

describeStores('a configuration that is too large for one script', (open) => {
  const newWorld = useWorlds(open)

  /** Sites as they stand after they were applied, and one change that waits. */
  async function withSites(count: number): Promise<World> {
    const world = await newWorld({ backends: [large] })
    await world.store.query(`insert into site (id, body) values (1, 'new')`)
    await world.collect()
    await world.store.query(
      `insert into orchestra.placement (backend, server_id, model, object_key, keys, identity, want_identity, snapshot, stands, names, applied_at)
       select 'large', 1, 'site', n::text, jsonb_build_array(n::text), n::text, n::text,
         jsonb_build_object('id', n, 'domain', 'a.org', 'body', 'old', 'plan', 'basic'), 0,
         jsonb_build_array(jsonb_build_object('identity', n::text, 'incarnation', 0, 'state', 'stands')), now()
       from generate_series(2, $1::int) n`,
      [count],
    )
    // The server has been worked on before; else all that it has would be compared as well.
    const state = join(world.directory, 'here/.orchestra-state')
    for (const name of ['runs', 'owed']) await mkdir(join(state, name), { recursive: true })
    await writeFile(join(state, 'fence'), '0\n')
    return world
  }

  test('takes no more memory however large it is', async () => {
    const world = await withSites(100_000)
    const before = liveBytes()
    const seen: number[] = []
    await world.work({ methods: watched(() => seen.push(liveBytes() - before)) })
    await world.calm(100_000)
    expect(seen.length).toBeGreaterThan(14)
    // 28 to 51 MB were seen, with 200,000 as with 100,000; whoever held the file, which has 59, would have more.
    expect(Math.max(...seen)).toBeLessThan(56 * MEGABYTE)
    const text = await readFile(join(world.directory, 'here/large'), 'utf8')
    expect(text.split('\n')).toHaveLength(100_003)
    expect(await world.store.query('select source from orchestra.sync')).toEqual([])
  }, 240_000)

  test('is whole after a worker was killed while it brought the parts', async () => {
    const world = await withSites(50_000)
    const ahead = join(world.directory, 'here/.orchestra-state/ahead')
    const dead = await startWorker(world, join(import.meta.dirname, 'large-worker.ts'))
    await until('a part has arrived', async () => (await readdir(ahead).catch(() => [])).length > 0)
    await dead.kill()
    expect(await readFile(join(world.directory, 'here/large')).catch(() => null)).toBeNull()
    await world.work()
    await world.calm(60_000)
    const text = await readFile(join(world.directory, 'here/large'), 'utf8')
    expect(new Set(text.split('\n')).size).toBe(50_003)
    expect(await readdir(ahead)).toEqual([])
    const states = await world.store.query(`select distinct state from orchestra.placement`)
    expect(states).toEqual([{ state: 'applied' }])
  }, 120_000)
})

/** The usual methods, with a look at each script that is sent. */
function watched(look: () => void): Methods {
  const methods = createMethods()
  return {
    ...methods,
    for: (target) => ({
      run: (to, job) => {
        look()
        return methods.for(target).run(to, job)
      },
      close: () => methods.close(),
    }),
  }
}
