import { checkOptions } from '../options.ts'
import type { Actor } from './actor.ts'
import { type RequestStream, type ResponseStream, requestNames, requestUnit, unitHeader } from './http.ts'

/** What the middleware needs of Express' (or Connect's, or Node's) request. */
export interface ExpressRequest extends RequestStream {
  method?: string | undefined
  url?: string | undefined
  originalUrl?: string | undefined
}

export interface ExpressResponse extends ResponseStream {
  setHeader(name: string, value: string): unknown
}

export interface ExpressUnitOptions<Request> {
  /** Who makes the request; asked when something is written, so authentication may come after this middleware. */
  actor?: (request: Request) => Actor
}

/** Middleware that makes everything one request changes one unit of work, and names it in the header `Orchestra-Unit`. */
export function expressUnits<Request extends ExpressRequest>(
  options: ExpressUnitOptions<Request> = {},
): (request: Request, response: ExpressResponse, next: (error?: unknown) => void) => void {
  checkOptions('orchestra.express()', options, requestNames)
  return (request, response, next) => {
    const { method, originalUrl, url } = request
    const actor = () => options.actor?.(request)
    const where = 'orchestra.express()'
    requestUnit({ method, url: originalUrl ?? url, request, response, actor, where }, (unit) => {
      response.setHeader(unitHeader, unit.id)
      next()
    })
  }
}
