import { type Address, assertKept, listenError, urlOf } from './address.ts'
import { type AppOptions, createApp } from './app.ts'
import { type Authenticate, loopbackOnly } from './principal.ts'

export interface ListenOptions extends Omit<AppOptions, 'authenticate' | 'hosts'>, Address {
  /** Who asks; without it everybody on this machine may do everything, and nobody else gets there. */
  authenticate?: Authenticate | undefined
}

/** The port where one is not asked for. */
export const USUAL_PORT = 4480

/** An API that listens. */
export interface Listening {
  url: string
  /** Lets what is being answered come to its end, and takes nothing more. */
  close(): Promise<void>
}

/** @throws OrchestraError ORC_HTTP_EXPOSED, ORC_HTTP_ADDRESS */
export async function listen({ host, port, authenticate, ...options }: ListenOptions): Promise<Listening> {
  assertKept(host, authenticate !== undefined)
  const app = createApp({
    ...options,
    authenticate: authenticate ?? loopbackOnly(),
    hosts: new Set([host.toLowerCase()]),
  })
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await app.close()
    throw listenError({ host, port }, cause)
  }
  const address = app.server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  return { url: urlOf({ host, port: taken }), close: () => app.close() }
}
