import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PGlite } from '@electric-sql/pglite'
import type { Arbiter } from './arbiter.ts'
import { copyFormat, mayCopyIn } from './copy.ts'
import type { Login } from './login.ts'
import {
  CLOSE,
  COPY_DATA,
  COPY_DONE,
  COPY_FAIL,
  COPY_IN,
  closeStatement,
  copyFail,
  copyInResponse,
  EXECUTE,
  type Frame,
  FrameReader,
  fatal,
  isFromClient,
  isIdle,
  NOTIFICATION,
  openingOf,
  PARSE,
  QUERY,
  queryMessage,
  renameStatement,
  sqlOf,
  statementOf,
  sync,
  TERMINATE,
} from './wire.ts'

/** What the connections to one database have in common. */
export interface SharedSession {
  readonly database: PGlite
  readonly arbiter: Arbiter<Connection>
  /** Milliseconds that a client may sit in an open transaction while others wait. */
  readonly idleInTransaction: number
  notify(frame: Frame): void
}

/** Milliseconds that a client may take to log in, and that a wrong password waits for its answer. */
const LOGIN_TIMEOUT = 10_000
const WRONG_PASSWORD = 1_000
/** Bytes that a client may send before it is logged in. */
const MOST_BEFORE_LOGIN = 16 * 1024

interface PendingLogin {
  steps: Login
  /** What the client began with: the session gets it after the login. */
  startup?: Buffer
  timer: NodeJS.Timeout
}

/** PGlite cannot wait for data: a COPY that finds none must fail at once, or it ends the session for everybody. */
const noCopyHere = copyFail('send COPY ... FROM STDIN as a query of its own, without parameters')

/** One client of a shared session. Its messages are taken one after the other, in the order they came. */
export class Connection {
  readonly #socket: Socket
  readonly #shared: SharedSession
  /** Keeps its prepared statements apart from those of others. */
  readonly #prefix: string
  readonly #statements = new Set<string>()
  readonly #requests = new FrameReader(false)
  #work: Promise<void> = Promise.resolve()
  #batch: Buffer[] = []
  /** A COPY and the data that came for it so far. */
  #copy: Buffer[] | undefined
  #copiesByExecute = false
  #listens = false
  #used = false
  #idle = true
  #over = false
  #idleTimer: NodeJS.Timeout | undefined
  /** A client that has to say a password, and has not yet. */
  #login: PendingLogin | undefined
  #received = 0

  /** @param login what the client has to prove before anything else; nothing where the place of the socket proves it */
  constructor(socket: Socket, shared: SharedSession, number: number, login?: Login) {
    this.#socket = socket
    this.#shared = shared
    this.#prefix = `c${number}.`
    socket.setNoDelay(true)
    if (login !== undefined) this.#login = { steps: login, timer: this.#limitLogin() }
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.once('close', () => this.#end())
  }

  get isLoggedIn(): boolean {
    return this.#login === undefined
  }

  /** Passes on a NOTIFY, if this client has asked for any. */
  notify(frame: Frame): void {
    if (this.#listens) this.#write(frame.bytes)
  }

  /** Drops the client; resolves when the session is clean of it. */
  async close(): Promise<void> {
    this.#socket.destroy()
    await this.#end()
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  #receive(chunk: Buffer): void {
    this.#received += chunk.length
    if (this.#login !== undefined && this.#received > MOST_BEFORE_LOGIN)
      return void this.#refuse('08P01', 'too much was sent before the login')
    const frames = this.#requests.push(chunk)
    if (frames === undefined) void this.#refuse('08P01', 'this is not the Postgres protocol')
    else this.#work = this.#work.then(() => this.#takeAll(frames)).catch(() => this.#destroy())
  }

  #destroy(): void {
    this.#socket.destroy()
  }

  async #takeAll(frames: readonly Frame[]): Promise<void> {
    for (const frame of frames) if (!this.#over) await this.#take(frame)
    await this.#flush()
  }

  async #take(frame: Frame): Promise<void> {
    if (frame.type === 0) await this.#open(frame)
    else if (this.#login !== undefined) await this.#logIn(frame, this.#login)
    else if (!isFromClient(frame)) await this.#refuse('08P01', `unknown message type ${frame.type}`)
    else if (frame.type === TERMINATE) await this.#terminate()
    else if (this.#copy !== undefined) await this.#collect(frame, this.#copy)
    else if (frame.type === QUERY) await this.#query(frame)
    else this.#add(frame)
  }

  async #open(frame: Frame): Promise<void> {
    const opening = openingOf(frame)
    if (opening === 'encryption') this.#write(Buffer.from('N'))
    else if (opening === 'cancel') this.#destroy()
    else if (opening === 'unknown') await this.#refuse('0A000', 'unsupported protocol version')
    else if (this.#login !== undefined) this.#ask(frame, this.#login)
    else await this.#execute(frame.bytes)
  }

  #limitLogin(): NodeJS.Timeout {
    return setTimeout(() => void this.#refuse('08006', 'the login took too long'), LOGIN_TIMEOUT).unref()
  }

  #ask(frame: Frame, login: PendingLogin): void {
    login.startup = frame.bytes
    this.#write(login.steps.question())
  }

  async #logIn(frame: Frame, { steps, startup, timer }: PendingLogin): Promise<void> {
    const step = steps.take(frame)
    if (step.kind === 'broken' || startup === undefined)
      return this.#refuse('08P01', 'the login does not keep to SCRAM-SHA-256')
    if (step.kind === 'wrong') return this.#refuseLater(timer)
    this.#write(step.bytes)
    if (step.kind === 'answer') return
    clearTimeout(timer)
    this.#login = undefined
    await this.#execute(startup)
  }

  /** So that trying many takes long. */
  async #refuseLater(timer: NodeJS.Timeout): Promise<void> {
    clearTimeout(timer)
    await sleep(WRONG_PASSWORD, undefined, { ref: false })
    await this.#refuse('28P01', 'password authentication failed for user "postgres"')
  }

  async #terminate(): Promise<void> {
    await this.#flush()
    this.#socket.end()
  }

  async #query(frame: Frame): Promise<void> {
    const sql = sqlOf(frame)
    const format = copyFormat(sql)
    if (format === undefined) return this.#add(frame)
    await this.#flush()
    this.#copy = [frame.bytes]
    this.#write(copyInResponse(format))
  }

  /** The data of a COPY is kept until it is whole, for PGlite must find all of it there. */
  async #collect(frame: Frame, copy: Buffer[]): Promise<void> {
    const { type } = frame
    if (type === COPY_DATA || type === COPY_DONE || type === COPY_FAIL) copy.push(frame.bytes)
    if (type !== COPY_DONE && type !== COPY_FAIL) return
    this.#copy = undefined
    await this.#execute(Buffer.concat(copy), 'copying')
  }

  #add(frame: Frame): void {
    const sql = sqlOf(frame)
    if (/\blisten\b/i.test(sql)) this.#listens = true
    const own = this.#owned(frame)
    this.#batch.push(own.bytes)
    if (frame.type === PARSE && mayCopyIn(sql)) this.#copiesByExecute = true
    if ((frame.type === QUERY && mayCopyIn(sql)) || (frame.type === EXECUTE && this.#copiesByExecute))
      this.#batch.push(noCopyHere)
  }

  /** The message with the statement's name as the session knows it. */
  #owned(frame: Frame): Frame {
    const name = statementOf(frame)
    if (name === undefined) return frame
    if (frame.type === PARSE) this.#statements.add(this.#prefix + name)
    if (frame.type === CLOSE) this.#statements.delete(this.#prefix + name)
    return renameStatement(frame, this.#prefix)
  }

  async #flush(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    if (batch.length > 0) await this.#execute(Buffer.concat(batch))
  }

  async #execute(message: Buffer, how?: 'copying'): Promise<void> {
    await this.#shared.arbiter.enter(this)
    clearTimeout(this.#idleTimer)
    this.#used = true
    this.#idle = false
    await this.#run(message, (frame) => this.#answer(frame, how))
    if (this.#idle) this.#shared.arbiter.leave(this)
    else this.#watchIdleness()
  }

  async #run(message: Buffer, onFrame: (frame: Frame) => void): Promise<void> {
    const { database } = this.#shared
    const answers = new FrameReader(true)
    const onRawData = (data: Uint8Array) => {
      for (const frame of answers.push(data) ?? []) onFrame(frame)
    }
    await database.runExclusive(() => database.execProtocolRawStream(message, { onRawData }))
  }

  #answer(frame: Frame, how: 'copying' | undefined): void {
    if (isIdle(frame)) this.#idle = true
    if (frame.type === NOTIFICATION) this.#shared.notify(frame)
    else if (frame.type !== COPY_IN || how === undefined) this.#write(frame.bytes)
  }

  #watchIdleness(): void {
    this.#idleTimer = setTimeout(() => {
      if (this.#shared.arbiter.waiting === 0) this.#watchIdleness()
      else void this.#refuse('25P03', 'the transaction was open for too long while others waited')
    }, this.#shared.idleInTransaction)
    this.#idleTimer.unref()
  }

  /** Says why, and lets others have the session whether or not the client listens. */
  #refuse(sqlState: string, why: string): Promise<void> {
    this.#write(fatal(sqlState, why))
    this.#socket.destroySoon()
    void this.#end()
    return Promise.resolve()
  }

  #end(): Promise<void> {
    if (!this.#over) {
      this.#over = true
      clearTimeout(this.#idleTimer)
      clearTimeout(this.#login?.timer)
      this.#work = this.#work.then(() => this.#leaveClean()).catch(() => undefined)
    }
    return this.#work
  }

  /** Ends what the client left open and forgets what it set, so that the next one starts clean. */
  async #leaveClean(): Promise<void> {
    clearTimeout(this.#idleTimer)
    const { arbiter } = this.#shared
    try {
      if (!this.#used) return
      await arbiter.enter(this)
      await this.#run(this.#farewell(), (frame) => frame.type === NOTIFICATION && this.#shared.notify(frame))
    } finally {
      arbiter.leave(this)
    }
  }

  #farewell(): Buffer {
    const rollback = queryMessage('rollback')
    // After an error in a pipeline everything is skipped up to a Sync; before one, a Sync would commit.
    const unfinished = this.#idle ? [] : [rollback, sync, rollback]
    const closes = [...this.#statements].map(closeStatement)
    return Buffer.concat([...unfinished, ...closes, sync, queryMessage('reset all')])
  }
}
