import type pg from 'pg'
import { isOrchestraError } from '../errors.ts'
import { unreachable } from './connection-failure.ts'
import { explain } from './explain.ts'
import { hasSession, learnFrom, preparedName } from './often.ts'
import type { Connection } from './queryable.ts'
import { isConnectionError } from './sqlstate.ts'
import { readTexts, runQuery } from './statement.ts'

/** A client of the pool while somebody has it. */
export class LentClient {
  readonly connection: Connection = {
    query: (text, values) => this.#named(text, values, (name) => runQuery(this.#client, text, values, name)),
    texts: (text, values) => this.#named(text, values, (name) => readTexts(this.#client, text, values, name)),
  }
  readonly #client: pg.PoolClient
  /** Which statement threw which error. */
  readonly #statements = new Map<unknown, string>()
  #broken: Error | undefined
  #hasSession = false
  #last: Promise<unknown> = Promise.resolve()
  /** All that was sent without waiting for it. */
  #sent: Promise<unknown> = Promise.resolve()
  /** Of that, what failed first: whatever comes behind it fails because of it. */
  #failure: { error: unknown } | undefined

  constructor(client: pg.PoolClient) {
    this.#client = client
    client.on('error', this.#keep)
  }

  /**
   * Finds out whether its session is its own. While it is lent, what need not wait for an answer is sent behind what is on its way; the
   * embedded database takes one message after the other, and libraries that use the pool may send what cannot be sent so.
   */
  async meet(): Promise<void> {
    this.#pipeline('on')
    this.#hasSession = await this.#told('select pg_backend_pid()', () => hasSession(this.#client))
  }

  /** What a transaction works with; no answer comes before it is known to have begun. */
  opened(opening: Promise<unknown>): Connection {
    const { query, texts } = this.connection
    opening.catch(() => undefined)
    const behind = async <Answer>(asked: Promise<Answer>) => (await Promise.all([asked, opening]))[0]
    return {
      query: (text, values) => behind(query(text, values)),
      texts: (text, values) => behind(texts(text, values)),
      send: (text, values) => this.#send(text, values),
    }
  }

  #send(text: string, values?: readonly unknown[]): void {
    const sent = this.connection.query(text, values).catch((error: unknown) => {
      this.#failure ??= { error }
    })
    this.#sent = Promise.all([this.#sent, sent])
  }

  /** Waits for all that was sent. */
  async sent(): Promise<void> {
    await this.#sent
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async explain(error: unknown): Promise<unknown> {
    if (this.#broken !== undefined) return error
    const failed = { statement: this.#statements.get(error) ?? '' }
    return explain(error, failed, (text, values) => runQuery(this.#client, text, values))
  }

  async release(): Promise<void> {
    await this.#last
    this.#pipeline('off')
    this.#client.off('error', this.#keep)
    this.#client.release(this.#broken)
  }

  /** A connection may break between two queries of the transaction; without a listener that would end the process. */
  readonly #keep = (error: Error) => {
    this.#broken = error
  }

  async #named<Answer>(
    text: string,
    values: readonly unknown[] | undefined,
    send: (name: string | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    const name = this.#hasSession ? preparedName(text, values ?? []) : undefined
    try {
      return await this.#told(text, () => send(name))
    } catch (error) {
      if (name !== undefined) learnFrom(error)
      throw error
    }
  }

  #pipeline(mode: 'on' | 'off'): void {
    const client: { pipeline: boolean } = this.#client
    client.pipeline = mode === 'on'
  }

  /** Sends it behind what was sent before, or where that cannot be, when that is answered. */
  #ask<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    const asked = this.#client.pipeline ? send() : this.#last.then(send)
    this.#last = asked.catch(() => undefined)
    return asked
  }

  async #told<Answer>(text: string, send: () => Promise<Answer>): Promise<Answer> {
    try {
      return await this.#ask(send)
    } catch (cause) {
      const error = isConnectionError(cause) ? unreachable(cause) : cause
      this.#statements.set(error, text)
      if (text === 'rollback' || isOrchestraError(error, 'ORC_STORE_UNREACHABLE'))
        this.#broken ??= error as Error
      throw error
    }
  }
}
