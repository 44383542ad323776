import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Principal as Acting } from '../operate/index.ts'

/** Who asks by HTTP. */
export interface Principal {
  /** As whom the audit knows him, with what he may. */
  acting: Acting
  /** A browser says so by itself, whichever page has it ask. */
  byCookie?: true
  /** A proxy in front says so of whatever the browser asks. */
  byProxy?: true
}

/** What is known of a request before anything of it is done. */
export interface Approach {
  headers: IncomingHttpHeaders
  /** From where it comes, as far as the proxies are believed that the configuration names. */
  address: string
  /** The other end of the connection. */
  peer: string
  requestId: string
  /** The request below every framework. */
  raw: IncomingMessage
  /** A stream asks again who it is told to: nobody did anything. */
  again?: true
}

/** Finds out who asks; undefined for nobody who is known. The one seam between the API and whoever keeps users and tokens. */
export type Authenticate = (approach: Approach) => Promise<Principal | undefined>

/** Asks nobody who he is. For the loopback of a machine on which everybody may do everything. */
export function anybody(name = 'loopback'): Authenticate {
  const principal: Principal = { acting: { kind: 'loopback', name } }
  return async () => principal
}
