/** A worker as a process of its own, to be killed. Arguments: database, directory, key. */
import { defineConfig } from 'orchestrajs'
import { Manager } from '../../orchestra/src/manager/index.ts'
import { openStore } from '../../orchestra/src/store/index.ts'
import { moveOptions } from './move-config.ts'

const [databaseUrl, directory = '', key] = process.argv.slice(2)
const store = await openStore({ databaseUrl, directory, key })
const manager = new Manager({
  store,
  config: defineConfig(moveOptions),
  onError: (error) => process.stderr.write(`${error}\n`),
})
await manager.start()
process.stdout.write(`${manager.id}\n`)
