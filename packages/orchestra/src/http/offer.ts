import { firstLink } from '../access/index.ts'
import type { Config } from '../config/config.ts'
import { linkText } from '../operate/index.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import type { Store } from '../store/index.ts'
import { byCredentials } from './credentials.ts'
import { listen, USUAL_PORT } from './listen.ts'

export interface ApiOptions {
  /** A port of the loopback; default 4480, and 0 is any that is free. */
  port?: number
  /** Told of what nobody expected, with the id of the request; default a warning of the process. */
  onError?: (error: unknown, requestId: string) => void
}

/** The API that an application offers. */
export interface OfferedApi {
  /** `http://127.0.0.1:4480` */
  url: string
  /** Lets somebody in once, within 15 minutes, while nobody may do everything; else null. */
  link: string | null
  close(): Promise<void>
}

const apiNames: NamesOf<ApiOptions> = { port: true, onError: true }

/** @throws OrchestraError ORC_HTTP_ADDRESS, ORC_OPTION_UNKNOWN */
export async function offerApi(
  { store, config }: { store: Store; config: Config },
  options: ApiOptions,
  by: string,
): Promise<OfferedApi> {
  checkOptions('orchestra.api()', options, apiNames)
  const { port = USUAL_PORT, onError = warn } = options
  const { url, close } = await listen({
    host: '127.0.0.1',
    port,
    authenticate: byCredentials(store, config.http),
    store,
    config,
    load: async () => ({ config, path: '' }),
    environment: process.env,
    holds: store.keyring.hasKey ? 'servers' : 'store',
    onError,
  })
  try {
    const link = await firstLink(store, { by })
    return { url, link: link === undefined ? null : linkText(config.http.url ?? url, link.secret), close }
  } catch (cause) {
    await close()
    throw cause
  }
}

/** Where an application says nothing else of what nobody expected. */
export function warn(error: unknown, requestId: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`request ${requestId}: ${text}`, 'OrchestraWarning')
}
