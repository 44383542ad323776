import { userInfo } from 'node:os'
import { join } from 'node:path'
import {
  addRoute,
  addServer,
  approveKey,
  fingerprint,
  listRoutes,
  listServers,
  type Orchestra,
  recordPresentedKey,
  type Store,
} from 'orchestrajs'
import type { Ports } from './ports.ts'
import { type Powered, powered } from './power.ts'
import { startSandboxServer } from './sandbox-server.ts'
import { startWebServer, type WebServer } from './web-server.ts'

const by = 'playground'

/** The servers of the playground. */
export const serverNames = ['north', 'south', 'east'] as const

/** Which sites go where: every site has a page on one server, and the better its plan, the more copies. */
const routes = [
  { backend: 'pages', server: 'north', match: 'true' },
  { backend: 'pages', server: 'south', match: 'site.plan != "free"' },
  { backend: 'pages', server: 'east', match: 'site.plan == "business"' },
  { backend: 'catalogue', server: 'east', match: 'true' },
]

/** One server that runs: its SSH and its web site. */
export interface RunningServer {
  name: string
  /** Its home: what scripts write lies in it. */
  directory: string
  port: number
  hostKey: string
  clientKeyPath: string
  /** Its SSH, which can be switched off and on. */
  sandbox: Powered
  web: WebServer
}

/** Starts all servers, each in a directory of its own. */
export async function startServers(directory: string, ports: Ports): Promise<RunningServer[]> {
  return Promise.all(
    serverNames.map(async (name, index) => {
      const own = join(directory, 'playground', name)
      const start = () => startSandboxServer({ directory: own, port: ports.ssh[index] ?? 0, name })
      const sandbox = await start()
      const { port, hostKey, clientKeyPath } = sandbox
      const web = await startWebServer({ directory: own, port: ports.web[index] ?? 0, name })
      return { name, directory: own, port, hostKey, clientKeyPath, sandbox: powered(sandbox, start), web }
    }),
  )
}

export async function stopServers(servers: readonly RunningServer[]): Promise<void> {
  await Promise.all(servers.flatMap(({ sandbox, web }) => [sandbox.off(), web.stop()]))
}

/** Tells Orchestra of the servers and of what goes where; what it knows already stays. */
export async function registerServers(
  orchestra: Orchestra,
  servers: readonly RunningServer[],
): Promise<void> {
  const { store, config } = orchestra
  const known = new Map((await listServers(store)).map((server) => [server.name, server.id]))
  for (const server of servers) await register(store, server, known.get(server.name))
  if ((await listRoutes(store)).length > 0) return
  for (const route of routes) await addRoute(store, config, { ...route, by })
}

/** The key of a server that we made ourselves needs nobody's approval but ours. */
async function register(store: Store, server: RunningServer, known: number | undefined): Promise<void> {
  const id = known === undefined ? await add(store, server) : await move(store, known, server)
  await recordPresentedKey(store, id, server.hostKey)
  await approveKey(store, server.name, fingerprint(server.hostKey), { by })
}

async function add(
  store: Store,
  { name, port, clientKeyPath: identityFile }: RunningServer,
): Promise<number> {
  const user = userInfo().username
  const { id } = await addServer(store, {
    name,
    host: '127.0.0.1',
    port,
    user,
    identityFile,
    sudo: false,
    by,
  })
  return id
}

/** Another `--port`, or a directory that was moved. */
async function move(store: Store, id: number, { port, clientKeyPath }: RunningServer): Promise<number> {
  await store.query('update orchestra.server set port = $2, identity_file = $3 where id = $1', [
    id,
    port,
    clientKeyPath,
  ])
  return id
}
