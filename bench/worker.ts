import { Manager } from '../packages/orchestra/src/manager/index.ts'
import { openStore } from '../packages/orchestra/src/store/index.ts'
import { config } from './project.ts'

/** The worker as a process of its own, as `orchestra up` is one: its memory and its event loop are measured alone. */
const [databaseUrl, directory] = process.argv.slice(2)
const store = await openStore({ databaseUrl, directory: directory ?? '.orchestra' })
const manager = new Manager({ store, config, onError: (error) => console.error(error) })
let peak = 0

const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 20)

process.on('message', (question) => {
  if (question === 'memory') {
    const now = process.memoryUsage.rss()
    tell({ now, peak: Math.max(peak, now) })
    peak = now
  } else {
    void stop()
  }
})

/** Only ever forked, so there is somebody to tell. */
function tell(what: unknown): void {
  process.send?.(what)
}

async function stop(): Promise<void> {
  clearInterval(sampling)
  await manager.stop({ grace: 5_000 })
  await store.close()
  process.disconnect?.()
}

await manager.start()
tell('ready')
