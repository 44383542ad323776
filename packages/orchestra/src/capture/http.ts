import { AsyncLocalStorage } from 'node:async_hooks'
import { type Unit, unitOfWork } from './unit.ts'

/** The response header that names the unit of work. */
export const unitHeader = 'Orchestra-Unit'

/** What is needed of Node's request below every framework. */
export interface RequestStream {
  emit(event: string | symbol, ...args: unknown[]): boolean
}

interface RequestUnit {
  method: string | undefined
  url: string | undefined
  stream: RequestStream
  actor: () => string | undefined
}

/** Handles a request as one unit. */
export function requestUnit(request: RequestUnit, handle: (unit: Unit) => void): void {
  const source = sourceOf(request.method, request.url)
  unitOfWork({ actor: request.actor, source }, (unit) => {
    keepContext(request.stream)
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
