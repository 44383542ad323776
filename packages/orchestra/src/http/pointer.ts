const LONGEST_POINTER = 200

/** The part of a request that something is given in. */
export type RequestPart = 'path' | 'query' | 'body'

/** RFC 6901, below the part of the request that it is in. */
export function pointerTo(place: RequestPart, ...parts: string[]): string {
  const escaped = [place, ...parts].map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
  return `/${escaped.join('/')}`.slice(0, LONGEST_POINTER).toWellFormed()
}
