import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the proxy does to what passes through it. */
export type Fault =
  | { kind: 'none' }
  /** Connections are accepted, and nothing more happens to them. */
  | { kind: 'hang' }
  /** Nothing passes any more in either direction; connections stay open. */
  | { kind: 'blackhole' }
  /** All connections are cut after so many more bytes from the client (`input`) or to it (`output`). */
  | { kind: 'cut'; direction: Direction; after: number }
  /** So many bytes a second in each direction of a connection. */
  | { kind: 'slow'; bytesPerSecond: number }

type Direction = 'input' | 'output'

/** A TCP proxy on a free loopback port that misbehaves as told. */
export class FaultProxy {
  readonly port: number
  /** How many connections were accepted so far. */
  accepted = 0
  #fault: Fault = { kind: 'none' }
  #passed: Record<Direction, number> = { input: 0, output: 0 }
  readonly #targetPort: number
  readonly #sockets = new Set<Socket>()
  #server: Server

  constructor(targetPort: number, server: Server, port: number) {
    this.#targetPort = targetPort
    this.port = port
    this.#server = this.#serve(server)
  }

  /** Applies to the connections that stand and to those to come; counts of bytes begin anew. */
  set(fault: Fault): void {
    this.#fault = fault
    this.#passed = { input: 0, output: 0 }
  }

  /** Refuses new connections; those that stand go on. */
  async refuse(): Promise<void> {
    await closeListener(this.#server)
  }

  /** Accepts connections again after `refuse`. */
  async accept(): Promise<void> {
    this.#server = this.#serve(createServer())
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** Cuts every connection that stands. */
  cutNow(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async stop(): Promise<void> {
    this.cutNow()
    await closeListener(this.#server)
  }

  #serve(server: Server): Server {
    return server.on('connection', (client) => this.#join(client))
  }

  #join(client: Socket): void {
    this.accepted += 1
    this.#track(client)
    if (this.#fault.kind === 'hang') return
    const upstream = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true })
    client.setNoDelay(true)
    this.#track(upstream)
    this.#pump('input', client, upstream)
    this.#pump('output', upstream, client)
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroy())
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #pump(direction: Direction, from: Socket, to: Socket): void {
    from.on('data', async (bytes: Buffer) => {
      from.pause()
      // A connection that breaks meanwhile is what this proxy is for.
      await this.#forward(direction, bytes, to).catch(() => undefined)
      from.resume()
    })
    from.once('end', () => to.end())
  }

  async #forward(direction: Direction, bytes: Buffer, to: Socket): Promise<void> {
    const fault = this.#fault
    if (fault.kind === 'blackhole' || fault.kind === 'hang') return
    if (fault.kind === 'cut' && fault.direction === direction) {
      const left = fault.after - this.#passed[direction]
      this.#passed[direction] += bytes.length
      if (bytes.length >= left) return this.#cutAfter(bytes.subarray(0, Math.max(0, left)), to)
    }
    if (fault.kind === 'slow') await sleep((bytes.length / fault.bytesPerSecond) * 1000)
    if (!to.destroyed && !to.write(bytes)) await Promise.race([once(to, 'drain'), once(to, 'close')])
  }

  #cutAfter(last: Buffer, to: Socket): Promise<void> {
    return new Promise((resolve) => {
      to.write(last, () => {
        this.cutNow()
        resolve()
      })
    })
  }
}

/** Puts a proxy in front of a loopback port. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return new FaultProxy(targetPort, server, address.port)
}

async function closeListener(server: Server): Promise<void> {
  if (!server.listening) return
  await new Promise((resolve) => {
    server.close(resolve)
    // A listener is closed only when its connections are; the caller wants no new ones, whatever the old do.
    resolve(undefined)
  })
}
