import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Knows the connections on which nothing was asked yet. Browsers open some ahead of need, and a server that closes would wait for
 * them for as long as the browser likes.
 * @returns what drops them, and all that come later
 */
export function unusedConnections(server: Server): () => void {
  const unused = new Set<Socket>()
  let isClosing = false
  server.on('connection', (socket) => {
    if (isClosing) socket.destroy()
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', ({ socket }) => unused.delete(socket))
  return () => {
    isClosing = true
    for (const socket of unused) socket.destroy()
  }
}
