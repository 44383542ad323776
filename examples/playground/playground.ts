import { type OfferedApi, Orchestra, OrchestraError } from 'orchestrajs'
import { ensureConsole } from '../../packages/console/build.ts'
import { connected, createTables, insertExamples } from './application.ts'
import type { Paint } from './describe.ts'
import { startLiveView } from './live-view.ts'
import type { PlaygroundOptions } from './options.ts'
import config from './orchestra.config.ts'
import { startPanel } from './panel.ts'
import { checkFree, portsFrom } from './ports.ts'
import { type Ready, removeReady, writeReady } from './ready-file.ts'
import { type RunningServer, registerServers, serverNames, startServers, stopServers } from './servers.ts'

/** Milliseconds that running scripts get to end by themselves. */
const grace = 2_000

export interface PlaygroundContext extends Pick<PlaygroundOptions, 'port' | 'directory' | 'http'> {
  paint: Paint
  print(line: string): void
  onError(error: unknown): void
}

/** A playground that runs: what others need to use it, and how to end it. */
export interface Playground {
  ready: Ready
  stop(): Promise<void>
}

/** Starts everything, and undoes what it started where something cannot start. */
export async function startPlayground(context: PlaygroundContext): Promise<Playground> {
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const end of undo.splice(0).reverse()) await end().catch(context.onError)
  }
  try {
    return { ready: await startAll(context, undo), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startAll(context: PlaygroundContext, undo: (() => Promise<unknown>)[]): Promise<Ready> {
  const { directory, paint, print, onError } = context
  const ports = portsFrom(context.port, serverNames.length, context.http)
  await checkFree(ports)
  const orchestra = await openAlone(directory, ports.database)
  undo.push(() => orchestra.close())
  await removeReady(directory)
  undo.push(() => removeReady(directory))
  const servers = await startServers(directory, ports)
  undo.push(() => stopServers(servers))
  const isFirst = await createTables(orchestra.store)
  await orchestra.install()
  await registerServers(orchestra, servers)
  const view = await startLiveView({ store: orchestra.store, paint, print, onError })
  undo.push(() => view.stop())
  const worker = orchestra.worker({ onError })
  await worker.start()
  undo.push(() => worker.stop({ grace }))
  if (isFirst) await insertExamples(orchestra.store)
  if (ports.api !== null) await ensureConsole()
  const api = ports.api === null ? null : await orchestra.api({ port: ports.api, onError })
  const panel = await startPanel({
    port: ports.panel,
    databaseUrl: orchestra.store.databaseUrl,
    servers,
    console: api === null ? null : `${api.url}/`,
  })
  undo.push(() => panel.stop())
  const ready = readyOf(orchestra, servers, { api, panel: panel.url })
  await answers(ready)
  await writeReady(directory, ready)
  return ready
}

/** The embedded database belongs to one process; a second one would only borrow it, and lose it when the first ends. */
async function openAlone(directory: string, port: number): Promise<Orchestra> {
  const orchestra = await Orchestra.open(config, { databaseUrl: undefined, directory, port })
  if (orchestra.store.databaseUrl.includes(`:${port}/`)) return orchestra
  await orchestra.close()
  throw new OrchestraError('ORC_STORE_LOCKED', `Another playground or worker has ${directory} open`, {
    hint: 'Use that one, end it first, or start this one elsewhere: npm start -- --directory DIR',
  })
}

function readyOf(
  orchestra: Orchestra,
  servers: readonly RunningServer[],
  { api, panel }: { api: OfferedApi | null; panel: string },
): Ready {
  return {
    databaseUrl: orchestra.store.databaseUrl,
    psqlUrl: orchestra.store.shownUrl,
    api: api === null ? null : { url: `${api.url}/api/v1`, page: api.link ?? `${api.url}/` },
    panel,
    servers: servers.map(({ name, port, web }) => ({ name, sshPort: port, url: web.url })),
  }
}

/** Asks the database and the web sites once, as those who wait for `playground.json` will. */
async function answers({ databaseUrl, servers }: Ready): Promise<void> {
  await connected(databaseUrl, (client) => client.query('select 1'))
  await Promise.all(servers.map(async ({ url }) => (await fetch(url)).text()))
}
