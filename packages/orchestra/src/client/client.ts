import type { RequestView } from '../requests/index.ts'
import type { Asked } from './doors.ts'
import { eventsIn, type ServerEvent } from './events.ts'
import { type Patience, passes, pause, pauseBefore, usualPatience, wasRefused } from './patience.ts'
import { ApiError, errorOf, errorOfEvent } from './problem.ts'
import { type CallOptions, type ClientOptions, type Input, requestOf } from './request.ts'
import { answerOf, MOST_BETWEEN, requestIn } from './requested.ts'
import type { Listed } from './table.ts'

/** Everything that can be asked for: `GET /servers`. */
export type Name = keyof Asked

type Of<Kind extends Asked[Name]['kind']> = {
  [One in Name]: Asked[One]['kind'] extends Kind ? One : never
}[Name]

/** What is given and answered. */
export type InputOf<One extends Name> = Asked[One]['input']
export type AnswerOf<One extends Name> = Asked[One]['answer']

type ItemOf<One extends Of<'list'>> = AnswerOf<One> extends { items: (infer Item)[] } ? Item : never

/** What has to be given need not be where nothing has to be. */
type Given<One extends Name> =
  Record<never, never> extends InputOf<One>
    ? [input?: InputOf<One>, call?: CallOptions]
    : [input: InputOf<One>, call?: CallOptions]

/** An event of a stream; `id` is where somebody goes on who comes back. */
export type Streamed<One extends Of<'stream'>> = AnswerOf<One> & { id: string | null }

/** Milliseconds without even a comment after which a stream is as good as gone: three of its heartbeats. */
const SILENCE = 45_000

/** Asks an API of Orchestra, in Node and in browsers: `new Client({ url, token })`. */
export class Client {
  readonly #options: ClientOptions
  readonly #patience: Patience

  constructor(options: ClientOptions) {
    this.#options = options
    const given = Object.entries(options.patience ?? {}).filter(([, value]) => value !== undefined)
    this.#patience = { ...usualPatience, ...Object.fromEntries(given) }
  }

  /**
   * Asks, and answers what the command prints with `--json`. What the API leaves to a worker is waited for; whoever waits no more
   * (`signal`) does not end it.
   * @throws ApiError
   */
  async ask<One extends Of<'one' | 'list' | 'act' | 'text'>>(
    name: One,
    ...[input, call]: Given<One>
  ): Promise<AnswerOf<One>> {
    const response = await this.#send(name, input, call)
    const left = requestIn(response)
    if (left !== null) return (await this.#awaited(left, name, call)) as AnswerOf<One>
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    return (isJson ? await response.json() : await response.text()) as AnswerOf<One>
  }

  /** What a worker answers to what was left to it. */
  async #awaited(request: number, name: Name, call: CallOptions = {}): Promise<unknown> {
    const { signal } = call
    const between = { first: this.#patience.first, most: MOST_BETWEEN }
    for (let looked = 1; ; looked++) {
      const response = await this.#send('GET /requests/{request}', { request }, { signal })
      const ended = answerOf((await response.json()) as RequestView, name.startsWith('GET '))
      if (ended !== null) return ended.answer
      await pause(pauseBefore(looked, between, null, 1), signal)
    }
  }

  /**
   * All items of a list, page by page as they are needed.
   * @throws ApiError
   */
  async *items<One extends Of<'list'>>(
    name: One,
    ...[input, call]: Given<One>
  ): AsyncGenerator<ItemOf<One>, void, undefined> {
    let cursor: string | null = null
    do {
      const more: Input = cursor === null ? {} : { cursor }
      const asked = [{ ...input, ...more }, call] as unknown as Given<One>
      const page = (await this.ask(name, ...asked)) as Listed<unknown> as Listed<ItemOf<One>>
      yield* page.items
      // What happens has no last page, only one after which nothing has happened yet.
      cursor = page.items.length === 0 ? null : page.next
    } while (cursor !== null)
  }

  /**
   * What happens, as it happens. A connection that breaks is made again, where it was: nothing is missed, nothing told twice. It ends
   * with the stream of what has an end.
   * @throws ApiError
   */
  async *follow<One extends Of<'stream'>>(
    name: One,
    ...[input, call]: Given<One>
  ): AsyncGenerator<Streamed<One>, void, undefined> {
    let last: string | null = null
    let tried = 0
    for (;;) {
      let retryAfter: number | null = null
      const again: Record<string, string> = last === null ? {} : { 'last-event-id': last }
      try {
        for await (const told of this.#connected(name, input, {
          ...call,
          headers: { ...call?.headers, ...again },
        })) {
          tried = 0
          if (told.event === 'problem') throw errorOfEvent(told.data)
          last = told.id ?? last
          if (told.data !== null) yield told as Streamed<One>
          if (told.event === 'end') return
        }
      } catch (error) {
        if (call?.signal?.aborted === true || !passes(error)) throw error
        if (tried + 1 >= this.#patience.tries) throw error
        retryAfter = error.retryAfter
      }
      await pause(pauseBefore(++tried, this.#patience, retryAfter, Math.random()), call?.signal)
    }
  }

  /**
   * The answer itself: bytes of an output, with its headers.
   * @throws ApiError
   */
  open<One extends Name>(name: One, ...[input, call]: Given<One>): Promise<Response> {
    return this.#send(name, input, call)
  }

  async #send(name: Name, input: Input = {}, call: CallOptions = {}): Promise<Response> {
    const isSafe = name.startsWith('GET ')
    for (let tried = 1; ; tried++) {
      try {
        return await this.#fetch(name, input, call)
      } catch (error) {
        if (!passes(error) || tried >= this.#patience.tries) throw error
        const mayRepeat = isSafe || call.idempotencyKey !== undefined || wasRefused(error)
        if (!mayRepeat) throw error
        await pause(pauseBefore(tried, this.#patience, error.retryAfter, Math.random()), call.signal)
      }
    }
  }

  async #fetch(name: Name, input: Input, call: CallOptions): Promise<Response> {
    const { fetch = globalThis.fetch, url } = this.#options
    let response: Response
    try {
      response = await fetch(...requestOf(this.#options, name, input, call))
    } catch (cause) {
      if (call.signal?.aborted === true) throw cause
      throw new ApiError(`${url} does not answer`, { cause, hint: 'Does `orchestra serve` run there?' })
    }
    if (response.ok || response.status === 304) return response
    throw await errorOf(response)
  }

  /** The events of one connection, until it ends; one that is silent for long is given up. */
  async *#connected(
    name: Name,
    input: Input | undefined,
    call: CallOptions,
  ): AsyncGenerator<ServerEvent, void, undefined> {
    const silence = new AbortController()
    const signal = call.signal === undefined ? silence.signal : AbortSignal.any([call.signal, silence.signal])
    let timer = setTimeout(() => silence.abort(), SILENCE)
    try {
      const response = await this.#fetch(name, input ?? {}, { ...call, signal })
      if (response.body === null) return
      for await (const told of eventsIn(response.body)) {
        clearTimeout(timer)
        timer = setTimeout(() => silence.abort(), SILENCE)
        if (told !== null) yield told
      }
    } catch (cause) {
      if (cause instanceof ApiError || call.signal?.aborted === true) throw cause
      throw new ApiError('The stream has broken', { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}
