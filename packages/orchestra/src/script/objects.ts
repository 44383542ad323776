import type { Content } from './rendered.ts'

/** Content that is made piece by piece while it is sent, so that no size is too large. */
export interface Streamed {
  readonly kind: 'streamed'
  /** Makes the pieces anew each time it is called. */
  pieces(): AsyncIterable<Content> | Iterable<Content>
}

/** All objects of one server, in an order that is the same every time. They are read anew for each file made of them. */
export interface Objects<O> {
  /** The pieces that `write` makes of the objects, one after the other. */
  map(write: (object: O) => Content | readonly Content[]): Streamed
}

/** These objects and no others, as they are. */
export function objectsOf<O>(objects: readonly O[]): Objects<O> {
  return { map: (write) => ({ kind: 'streamed', pieces: () => objects.flatMap((object) => write(object)) }) }
}

export function isStreamed(content: object): content is Streamed {
  return 'kind' in content && content.kind === 'streamed'
}
