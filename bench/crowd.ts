import type { Socket } from 'node:net'
import pg from 'pg'

/** Many connections that insert rows one by one, each a transaction of its own. */
export interface Crowd {
  /** Milliseconds that 1,000 inserts took all writers together, over so many milliseconds. */
  insertFor(milliseconds: number): Promise<number>
  close(): void
}

/** ReadyForQuery outside of a transaction, which ends every answer. */
const ready = Buffer.from('Z\0\0\0\x05I', 'latin1')
const ERROR = 'E'.charCodeAt(0)

/**
 * Opens the connections. What they send is always the same few bytes, and of an answer they read its end: a client that parsed answers
 * would need more of the machine than the inserts do.
 */
export async function openCrowd(databaseUrl: string, writers: number, table: string): Promise<Crowd> {
  const clients = await Promise.all(Array.from({ length: writers }, () => connect(databaseUrl, table)))
  return {
    insertFor: async (milliseconds) => {
      const begun = performance.now()
      const end = begun + milliseconds
      const counts = await Promise.all(clients.map((client) => insertUntil(socketOf(client), end)))
      const inserts = counts.reduce((sum, count) => sum + count, 0)
      return ((performance.now() - begun) / inserts) * 1000
    },
    close: () => {
      for (const client of clients) socketOf(client).destroy()
    },
  }
}

async function connect(databaseUrl: string, table: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => undefined)
  await client.connect()
  await client.query(`prepare write as insert into ${table} (host, body) values ('nowhere', 'one of many')`)
  socketOf(client).removeAllListeners('data')
  return client
}

function socketOf(client: pg.Client): Socket {
  const { connection } = client as unknown as { connection: { stream: Socket } }
  return connection.stream
}

/** Answers how many it inserted. */
function insertUntil(socket: Socket, end: number): Promise<number> {
  const message = query('execute write')
  let count = 0
  return new Promise((resolve, reject) => {
    const answered = (bytes: Buffer) => {
      if (bytes[0] === ERROR) return reject(new Error(bytes.toString('latin1')))
      if (!bytes.subarray(-ready.length).equals(ready)) return
      count++
      if (performance.now() < end) return socket.write(message)
      socket.off('data', answered)
      resolve(count)
    }
    socket.on('data', answered)
    socket.write(message)
  })
}

function query(text: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(4 + text.length + 1)
  return Buffer.concat([Buffer.from('Q'), length, Buffer.from(`${text}\0`)])
}
