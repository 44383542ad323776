import { once } from 'node:events'
import { createServer } from 'node:net'
import { OrchestraError } from 'orchestrajs'

/** The loopback ports of a playground, all told by the first. */
export interface Ports {
  database: number
  ssh: readonly number[]
  /** Null where it is not offered. */
  api: number | null
  panel: number
  web: readonly number[]
}

/** The ports that belong to a first port and a number of servers. */
export function portsFrom(first: number, servers: number, http: boolean): Ports {
  const range = (offset: number) => Array.from({ length: servers }, (_, index) => first + offset + index)
  return {
    database: first,
    ssh: range(1),
    api: http ? first + 1 + servers : null,
    panel: first + 2 + servers,
    web: range(11),
  }
}

/**
 * Makes sure that nobody listens on any of the ports yet, so that nothing has to be undone later.
 * @throws OrchestraError ORC_USAGE naming the port
 */
export async function checkFree({ database, ssh, api, panel, web }: Ports): Promise<void> {
  for (const port of [database, ...ssh, ...(api === null ? [] : [api]), panel, ...web]) {
    const code = await listenError(port)
    if (code !== undefined) throw taken(port, code)
  }
}

async function listenError(port: number): Promise<string | undefined> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
  server.close()
  await once(server, 'close')
  return undefined
}

function taken(port: number, code: string): OrchestraError {
  const why =
    code === 'EADDRINUSE' ? 'is taken by another program, or by a playground that runs already' : code
  return new OrchestraError('ORC_USAGE', `Port ${port} ${why === code ? `cannot be used: ${code}` : why}`, {
    hint: `Choose other ports, for example: npm start -- --port ${port < 40_000 ? port + 1_000 : 4_400}`,
  })
}
