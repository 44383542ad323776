import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Principal as Acting } from '../operate/index.ts'

/** Who asks by HTTP. */
export interface Principal {
  /** As whom the audit knows him, with what he may. */
  acting: Acting
}

/** What is known of a request before anything of it is done. */
export interface Approach {
  headers: IncomingHttpHeaders
  /** Address of the peer. */
  address: string
  requestId: string
  /** The request below every framework. */
  raw: IncomingMessage
}

/** Finds out who asks; undefined for nobody who is known. The one seam between the API and whoever keeps users and tokens. */
export type Authenticate = (approach: Approach) => Promise<Principal | undefined>

/** Asks nobody who he is. For the loopback of a machine on which everybody may do everything. */
export function anybody(name = 'loopback'): Authenticate {
  const principal: Principal = { acting: { kind: 'loopback', name } }
  return async () => principal
}
