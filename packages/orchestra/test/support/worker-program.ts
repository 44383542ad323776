import type { Config } from '../../src/config/config.ts'
import { Manager } from '../../src/manager/index.ts'
import { openStore } from '../../src/store/index.ts'

/**
 * What a program does that is a worker of its own, to be killed. Its arguments: database, directory, key. It says its id when it has
 * started, and ends with its stdin.
 */
export async function runWorkerProgram(config: Config): Promise<void> {
  const [databaseUrl, directory = '', key] = process.argv.slice(2)
  const store = await openStore({ databaseUrl, directory, key })
  const manager = new Manager({
    store,
    config,
    onError: (error) => process.stderr.write(`${error}\n`),
  })
  await manager.start()
  process.stdout.write(`${manager.id}\n`)
  process.stdin.resume().on('end', async () => {
    await manager.stop({ grace: 2_000 })
    await store.close()
    process.exit(0)
  })
}
