/** The little of Postgres' wire protocol (version 3) that sharing one session needs. */

const SSL_REQUEST = 80877103
const GSS_REQUEST = 80877104
const CANCEL_REQUEST = 80877102
const PROTOCOL_MAJOR = 3
/** As in Postgres: nothing honest is longer before the login. */
const LONGEST_OPENING = 10_000

export const NOTIFICATION = 0x41
export const BIND = 0x42
export const CLOSE = 0x43
export const COPY_DATA = 0x64
export const COPY_DONE = 0x63
export const COPY_FAIL = 0x66
export const COPY_IN = 0x47
export const DESCRIBE = 0x44
export const EXECUTE = 0x45
export const PARSE = 0x50
export const QUERY = 0x51
export const READY = 0x5a
export const TERMINATE = 0x58
const FLUSH = 0x48
const FUNCTION_CALL = 0x46
export const PASSWORD = 0x70
const SYNC = 0x53

/** What a client may send. Postgres ends the whole session at any other type, and here that session is everybody's. */
const sentByClients: ReadonlySet<number> = new Set([
  BIND,
  CLOSE,
  COPY_DATA,
  COPY_DONE,
  COPY_FAIL,
  DESCRIBE,
  EXECUTE,
  FLUSH,
  FUNCTION_CALL,
  PARSE,
  PASSWORD,
  QUERY,
  SYNC,
  TERMINATE,
])

export interface Frame {
  /** Message type; 0 for the messages before and at start-up, which have none. */
  type: number
  bytes: Buffer
}

export type Opening = 'encryption' | 'cancel' | 'startup' | 'unknown'

/** Cuts whole messages off the front of a byte stream. */
export class FrameReader {
  #chunks: Buffer[] = []
  #length = 0
  /** How many bytes the next message has, as far as is known. */
  #wanted = 0
  #started: boolean

  /** @param started false for a client's stream, whose first message has no type byte. */
  constructor(started: boolean) {
    this.#started = started
  }

  /** The messages that are complete now; undefined where the bytes are no messages, and never will be. */
  push(chunk: Uint8Array): Frame[] | undefined {
    this.#chunks.push(Buffer.from(chunk))
    this.#length += chunk.length
    // A message of many chunks is put together once, when its last has come.
    return this.#length < this.#wanted ? [] : this.#cut(Buffer.concat(this.#chunks))
  }

  #cut(bytes: Buffer): Frame[] | undefined {
    const frames: Frame[] = []
    let rest = bytes
    for (;;) {
      const header = this.#started ? 1 : 0
      this.#wanted = rest.length < header + 4 ? header + 4 : header + rest.readInt32BE(header)
      if (this.#wanted < header + 4 || (!this.#started && this.#wanted > LONGEST_OPENING)) return undefined
      if (rest.length < this.#wanted) break
      frames.push(this.#frame(rest.subarray(0, this.#wanted)))
      rest = rest.subarray(this.#wanted)
    }
    this.#chunks = [rest]
    this.#length = rest.length
    return frames
  }

  #frame(bytes: Buffer): Frame {
    if (this.#started) return { type: bytes[0] ?? 0, bytes }
    const frame = { type: 0, bytes }
    this.#started = openingOf(frame) === 'startup'
    return frame
  }
}

export function openingOf(frame: Frame): Opening {
  if (frame.bytes.length < 8) return 'unknown'
  const code = frame.bytes.readInt32BE(4)
  if (code === SSL_REQUEST || code === GSS_REQUEST) return 'encryption'
  if (code === CANCEL_REQUEST) return 'cancel'
  return code >>> 16 === PROTOCOL_MAJOR ? 'startup' : 'unknown'
}

export function isFromClient(frame: Frame): boolean {
  return sentByClients.has(frame.type)
}

/** The SQL text of a Query or Parse message. */
export function sqlOf(frame: Frame): string {
  if (frame.type === QUERY) return frame.bytes.toString('utf8', 5, frame.bytes.length - 1)
  if (frame.type !== PARSE) return ''
  const name = frame.bytes.indexOf(0, 5)
  const end = frame.bytes.indexOf(0, name + 1)
  return frame.bytes.toString('utf8', name + 1, end)
}

/** True when a ReadyForQuery message says that no transaction is open. */
export function isIdle(frame: Frame): boolean {
  return frame.type === READY && frame.bytes[5] === 0x49
}

/** The name of the prepared statement that a message is about; undefined for the unnamed one and for other messages. */
export function statementOf(frame: Frame): string | undefined {
  const at = statementOffset(frame)
  if (at === undefined) return undefined
  const end = frame.bytes.indexOf(0, at)
  return end > at ? frame.bytes.toString('utf8', at, end) : undefined
}

/** The same message about a statement whose name has a prefix. */
export function renameStatement(frame: Frame, prefix: string): Frame {
  const at = statementOffset(frame)
  if (at === undefined || statementOf(frame) === undefined) return frame
  const body = [frame.bytes.subarray(5, at), Buffer.from(prefix), frame.bytes.subarray(at)]
  return { type: frame.type, bytes: message(frame.type, Buffer.concat(body)) }
}

function statementOffset({ type, bytes }: Frame): number | undefined {
  if (type === PARSE) return 5
  if (type === BIND) return bytes.indexOf(0, 5) + 1
  const isStatement = (type === DESCRIBE || type === CLOSE) && bytes[5] === 0x53
  return isStatement ? 6 : undefined
}

export function message(type: number, body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body)
  const head = Buffer.alloc(5)
  head[0] = type
  head.writeInt32BE(bytes.length + 4, 1)
  return Buffer.concat([head, bytes])
}

export const sync = message(SYNC, '')

export function queryMessage(sql: string): Buffer {
  return message(QUERY, `${sql}\0`)
}

export function closeStatement(name: string): Buffer {
  return message(CLOSE, `S${name}\0`)
}

export function copyFail(reason: string): Buffer {
  return message(COPY_FAIL, `${reason}\0`)
}

/** Tells a client to send the data of a COPY. How many columns there are, only Postgres knows; clients don't ask. */
export function copyInResponse(format: 'text' | 'binary'): Buffer {
  return message(COPY_IN, Buffer.from([format === 'text' ? 0 : 1, 0, 0]))
}

/** A message of the server about a login. */
export function authentication(kind: number, body: string): Buffer {
  const head = Buffer.alloc(4)
  head.writeInt32BE(kind)
  return message(0x52, Buffer.concat([head, Buffer.from(body)]))
}

/** An ErrorResponse after which the connection ends. */
export function fatal(sqlState: string, text: string): Buffer {
  return message(0x45, `SFATAL\0VFATAL\0C${sqlState}\0M${text}\0\0`)
}
