import { connect } from 'node:net'
import { join } from 'node:path'
import { findSocketDirectory } from './socket-place.ts'
import { readPort, tcpUrl } from './tcp-password.ts'

export const SOCKET_NAME = '.s.PGSQL.5432'

/** Where an embedded database is reached right now; null where it is not. */
export interface EmbeddedUrls {
  /** Holds no secret: the place of the socket is its owner's alone. */
  socket: string | null
  /** Holds the password. */
  tcp: string | null
}

/** @throws OrchestraError ORC_STORE_EXPOSED */
export async function embeddedUrls(directory: string): Promise<EmbeddedUrls> {
  const place = findSocketDirectory(directory)
  const port = readPort(directory)
  const [bySocket, byPort] = await Promise.all([
    place !== undefined && answers({ path: join(place, SOCKET_NAME) }),
    port !== undefined && answers({ port: port.port, host: '127.0.0.1' }),
  ])
  const isOpen = place !== undefined && bySocket
  return {
    socket: isOpen ? socketUrl(place) : null,
    // Another program may have the port by now: only while the database is open its file is right.
    tcp: isOpen && port !== undefined && byPort ? tcpUrl(port) : null,
  }
}

export function socketUrl(place: string): string {
  return `postgresql://postgres@/postgres?host=${encodeURIComponent(place)}`
}

/** Whether anything listens there. */
export function answers(where: { path: string } | { port: number; host: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(where)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
