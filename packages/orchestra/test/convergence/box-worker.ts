/** A worker for boxes as a process of its own, to be killed. Arguments: database, directory, key. */
import { defineConfig } from '../../src/index.ts'
import { Manager } from '../../src/manager/index.ts'
import { openStore } from '../../src/store/index.ts'
import { boxOptions } from './boxes.ts'

const [databaseUrl, directory = '', key] = process.argv.slice(2)
const store = await openStore({ databaseUrl, directory, key })
const manager = new Manager({
  store,
  config: defineConfig(boxOptions),
  onError: (error) => process.stderr.write(`${error}\n`),
})
await manager.start()
process.stdout.write(`${manager.id}\n`)
process.stdin.resume().on('end', async () => {
  await manager.stop({ grace: 2_000 })
  await store.close()
  process.exit(0)
})
