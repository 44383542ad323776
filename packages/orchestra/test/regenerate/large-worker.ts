/** A worker as a process of its own, to be killed. Arguments: database, directory, key. */
import { Manager } from '../../src/manager/index.ts'
import { openStore } from '../../src/store/index.ts'
import { largeConfig } from './large-config.ts'

const [databaseUrl, directory = '', key] = process.argv.slice(2)
const store = await openStore({ databaseUrl, directory, key })
const manager = new Manager({
  store,
  config: largeConfig,
  onError: (error) => process.stderr.write(`${error}\n`),
})
await manager.start()
process.stdout.write(`${manager.id}\n`)
process.stdin.resume().on('end', async () => {
  await manager.stop({ grace: 2_000 })
  await store.close()
  process.exit(0)
})
