import { Manager } from '../packages/orchestra/src/manager/index.ts'
import { openStore } from '../packages/orchestra/src/store/index.ts'
import { resetPeak, residentMemory } from './processes.ts'
import type { config as Project } from './project.ts'

/** The worker as a process of its own, as `orchestra up` is one: its memory and its event loop are measured alone. */
const [databaseUrl, directory, project = 'project.ts'] = process.argv.slice(2)
const { config } = (await import(`./${project}`)) as { config: typeof Project }
const store = await openStore({ databaseUrl, directory: directory ?? '.orchestra' })
const manager = new Manager({ store, config, onError: (error) => console.error(error) })

process.on('message', (question) => {
  if (question === 'memory') {
    tell(residentMemory())
    resetPeak()
  } else {
    void stop()
  }
})

/** Only ever forked, so there is somebody to tell. */
function tell(what: unknown): void {
  process.send?.(what)
}

async function stop(): Promise<void> {
  await manager.stop({ grace: 5_000 })
  await store.close()
  process.disconnect?.()
}

await manager.start()
tell('ready')
