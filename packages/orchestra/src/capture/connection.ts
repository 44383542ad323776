import { REFUSES_COMPANY } from './settings.ts'
import type { Protocol, Standing } from './statement.ts'

type Emit = (event: string | symbol, ...args: unknown[]) => boolean

/** What is used of a connection of `pg`: it writes messages, and emits the server's answers as events. */
export interface PgConnection {
  emit: Emit
  query: (text: string) => void
  parse: (message: { text: string; name?: string; types?: readonly unknown[] }, more?: boolean) => void
  bind: (message: { statement?: string; values?: readonly unknown[] }, more?: boolean) => void
  execute: (message: object, more?: boolean) => void
  sync: () => void
  stream: { cork?: () => void; uncork?: () => void }
  /** Texts of prepared statements by name. */
  parsedStatements?: Readonly<Record<string, string>>
  submittedNamedStatements?: Readonly<Record<string, string>>
}

/** What goes before a statement, in the same implicit transaction. */
export interface Company {
  /** Texts that are put before the text of the simple protocol, or parsed, bound and executed before the extended. */
  texts: readonly string[]
  values: readonly string[]
}

/** How a statement is sent, and how its answers are passed on. */
export interface Sending {
  /** Asked once, when the first message is about to be written. */
  company: (protocol: Protocol, text: string, repeatable: boolean) => Company | undefined
  submit: () => unknown
  /** Runs what listens to the answers. */
  deliver: (work: () => boolean) => boolean
  /** Told when all is answered and a transaction is open. */
  leftOpen: () => void
  /** Whether submitting it a second time is the same as the first time. */
  repeatable: boolean
}

export interface Observer {
  /** A transaction ended, or was taken back to a savepoint: what was set in it may be gone. */
  undone(): void
  /** No transaction is open any more. */
  ended(): void
}

/** One statement that was sent: what of the answers is for us. */
interface Exchange {
  sending: Sending
  /** How many answers had to come before its own. */
  turn: number
  /** How many statements of ours are not answered. */
  ours: number
  /** By how many characters the server sees the text later than its author. */
  shift: number
  /** Sent alone, or in company and nothing of its answers was passed on, or something was; or refused for its company. */
  state: 'alone' | 'accompanied' | 'answered' | 'refused'
}

/** What a statement of ours can be answered with. */
const OF_OURS: ReadonlySet<string | symbol> = new Set([
  'parseComplete',
  'bindComplete',
  'rowDescription',
  'noData',
  'dataRow',
  'commandComplete',
])

/** What is answered to a statement; other events are about the connection. */
const ANSWERS: ReadonlySet<string | symbol> = new Set([
  ...OF_OURS,
  'copyInResponse',
  'copyData',
  'copyDone',
  'emptyQuery',
  'errorMessage',
  'portalSuspended',
  'readyForQuery',
])

const UNDOES = /^(?:COMMIT|ROLLBACK)/

const standings: Record<string, Standing> = { I: 'idle', T: 'open', E: 'failed' }

interface Message {
  text?: string
  status?: string
  code?: string
  position?: string
}

/**
 * Stands between a connection and its client: knows from the server whether a transaction is open, sends settings together
 * with a statement, and keeps the answers to them from the client.
 */
export class WatchedConnection {
  readonly #connection: PgConnection
  readonly #observer: Observer
  readonly #write: Pick<PgConnection, 'query' | 'parse' | 'bind' | 'execute'>
  #exchanges: Exchange[] = []
  /** What is being sent and has written nothing. */
  #opening: Sending | undefined
  #standing: Standing
  /** Each Sync and each text is answered by one ReadyForQuery. */
  #asked = 0
  #answered = 0

  constructor(connection: PgConnection, status: string | null | undefined, observer: Observer) {
    this.#connection = connection
    this.#observer = observer
    this.#standing = standings[status ?? ''] ?? 'unsure'
    this.#write = {
      query: connection.query.bind(connection),
      parse: connection.parse.bind(connection),
      bind: connection.bind.bind(connection),
      execute: connection.execute.bind(connection),
    }
    this.#watchRequests(connection)
    this.#watchAnswers(connection)
  }

  get standing(): Standing {
    return this.#asked === this.#answered ? this.#standing : 'unsure'
  }

  /** Sends a statement with the company that it asks for; answers what submitting it answered. */
  send(sending: Sending): unknown {
    const { stream } = this.#connection
    this.#opening = sending
    // One packet: the server would otherwise wake up for each message.
    stream.cork?.()
    try {
      return sending.submit()
    } finally {
      this.#opening = undefined
      stream.uncork?.()
    }
  }

  #watchRequests(connection: PgConnection): void {
    const { query, parse, bind } = this.#write
    const sync = connection.sync.bind(connection)
    connection.query = (text) => {
      const before = this.#open('simple', text)
      this.#asked++
      query(before + text)
    }
    connection.parse = (message, more) => {
      this.#open('extended', message.text)
      parse(message, more)
    }
    connection.bind = (message, more) => {
      // A statement that was prepared before is not parsed again.
      this.#open('extended', this.#preparedText(message.statement ?? ''))
      bind(message, more)
    }
    connection.sync = () => {
      this.#asked++
      sync()
    }
  }

  #preparedText(name: string): string {
    const { parsedStatements, submittedNamedStatements } = this.#connection
    return parsedStatements?.[name] ?? submittedNamedStatements?.[name] ?? ''
  }

  /** Before the first message of a statement; answers the text to put before its text. */
  #open(protocol: Protocol, text: string): string {
    const sending = this.#opening
    if (sending === undefined) return ''
    this.#opening = undefined
    const repeatable = sending.repeatable && this.standing === 'idle'
    const company = sending.company(protocol, text, repeatable)
    const before = protocol === 'simple' && company !== undefined ? `${company.texts.join('; ')}; ` : ''
    this.#exchanges.push({
      sending,
      turn: this.#asked,
      ours: company?.texts.length ?? 0,
      shift: [...before].length,
      state: company !== undefined && repeatable ? 'accompanied' : 'alone',
    })
    if (protocol === 'extended' && company !== undefined) this.#sendBefore(company)
    return before
  }

  /** Without a Sync, what comes next is in the same transaction. */
  #sendBefore({ texts, values }: Company): void {
    for (const text of texts) {
      this.#write.parse({ text, name: '', types: [] })
      this.#write.bind({ values })
      this.#write.execute({})
    }
  }

  #watchAnswers(connection: PgConnection): void {
    const emit = connection.emit.bind(connection)
    connection.emit = (event, ...args) => {
      if (!ANSWERS.has(event)) return emit(event, ...args)
      const exchange = this.#exchanges.find(({ turn }) => turn === this.#answered)
      const isOurs = this.#take(exchange, event, (args[0] ?? {}) as Message)
      if (isOurs) return true
      return exchange === undefined
        ? emit(event, ...args)
        : exchange.sending.deliver(() => emit(event, ...args))
    }
  }

  /** Answers whether it was for us alone. */
  #take(exchange: Exchange | undefined, event: string | symbol, message: Message): boolean {
    if (event === 'readyForQuery') return this.#ready(exchange, message)
    if (exchange !== undefined && exchange.ours > 0 && OF_OURS.has(event)) {
      if (event === 'commandComplete') exchange.ours--
      return true
    }
    if (event === 'errorMessage' && exchange !== undefined) return this.#failed(exchange, message)
    if (event === 'commandComplete' && UNDOES.test(message.text ?? '')) this.#observer.undone()
    if (exchange !== undefined && (event === 'dataRow' || event === 'commandComplete'))
      exchange.state = 'answered'
    return false
  }

  #ready(exchange: Exchange | undefined, { status }: Message): boolean {
    // The first one, after the login, was not asked for.
    if (this.#answered < this.#asked) this.#answered++
    this.#standing = standings[status ?? ''] ?? 'unsure'
    this.#exchanges = this.#exchanges.filter(({ turn }) => turn >= this.#answered)
    if (this.#standing === 'idle') this.#observer.ended()
    if (this.#standing === 'open') exchange?.sending.leftOpen()
    if (exchange?.state !== 'refused') return false
    this.send({ ...exchange.sending, company: () => undefined })
    return true
  }

  /**
   * What the server refuses only because of its company has done nothing, and is sent again alone: a procedure that commits,
   * and statements that want no transaction around them.
   */
  #failed(exchange: Exchange, message: Message): boolean {
    if (exchange.state === 'accompanied' && REFUSES_COMPANY.includes(message.code ?? '')) {
      exchange.state = 'refused'
      return true
    }
    exchange.ours = 0
    if (message.position !== undefined && exchange.shift > 0)
      message.position = String(Number(message.position) - exchange.shift)
    return false
  }
}
