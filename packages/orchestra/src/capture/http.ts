import { AsyncLocalStorage } from 'node:async_hooks'
import type { NamesOf } from '../options.ts'
import { type Actor, actorText } from './actor.ts'
import { openUnit, type Unit } from './unit.ts'

/** What middlewares of every framework can be told. */
export const requestNames: NamesOf<{ actor?: unknown }> = { actor: true }

/** The response header that names the unit of work. */
export const unitHeader = 'Orchestra-Unit'

/** What is needed of Node's request below every framework. */
export interface RequestStream {
  emit(event: string | symbol, ...args: unknown[]): boolean
}

/** What is needed of Node's response. */
export interface ResponseStream {
  once(event: 'finish' | 'close', listener: () => void): unknown
}

interface RequestUnit {
  method: string | undefined
  url: string | undefined
  request: RequestStream
  response: ResponseStream
  actor: () => Actor
  /** Where the actor is configured. */
  where: string
}

/** Handles a request as one unit, which is over when its response is. */
export function requestUnit(options: RequestUnit, handle: (unit: Unit) => void): void {
  const { request, response } = options
  const source = sourceOf(options.method, options.url)
  const actor = () => actorText(options.actor, options.where)
  openUnit({ actor, source }, (unit, end) => {
    keepContext(request)
    response.once('finish', end)
    response.once('close', end)
    handle(unit)
  })
}

/** `PUT /sites/12`, without the query string: tokens travel there. */
export function sourceOf(method: string | undefined, url: string | undefined): string {
  const [path = ''] = (url ?? '').split(/[?#]/, 1)
  return `${method ?? 'GET'} ${path}`
}

/** What listens to a request's body is called in the context of its socket; this makes it the context of the request. */
function keepContext(stream: RequestStream): void {
  const emit = stream.emit.bind(stream)
  stream.emit = AsyncLocalStorage.bind(emit)
}
