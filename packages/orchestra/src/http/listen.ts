import type { Config } from '../config/config.ts'
import { type Address, assertKept, listenError, urlOf } from './address.ts'
import { type AppOptions, createApp } from './app.ts'
import { Providers } from './oidc/providers.ts'
import { hostOf, siteOf } from './site.ts'
import { unusedConnections } from './unused-connections.ts'

export interface ListenOptions extends Omit<AppOptions, 'hosts' | 'providers'>, Address {}

/** The port where one is not asked for. */
export const USUAL_PORT = 4480

/** An API that listens. */
export interface Listening {
  url: string
  /** Providers of identities that people are to come in by, and that cannot be asked. */
  unreachable: Providers['unreachable']
  /** Lets what is being answered come to its end, and takes nothing more. */
  close(): Promise<void>
}

/** Where it listens, and where the configuration says that it is found. */
function ownHosts(host: string, { http }: Config): string[] {
  const found = hostOf(siteOf(http))
  return [host.toLowerCase(), ...(found === undefined ? [] : [found])]
}

/** @throws OrchestraError ORC_HTTP_EXPOSED, ORC_HTTP_ADDRESS */
export async function listen({ host, port, ...options }: ListenOptions): Promise<Listening> {
  assertKept(host)
  const providers = new Providers(options.config.http.oidc, options.environment)
  const app = createApp({ ...options, providers, hosts: new Set(ownHosts(host, options.config)) })
  const dropUnused = unusedConnections(app.server)
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await app.close()
    throw listenError({ host, port }, cause)
  }
  const address = app.server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: urlOf({ host, port: taken }),
    unreachable: () => providers.unreachable(),
    close: () => {
      dropUnused()
      return app.close()
    },
  }
}
