import type { Streamed } from 'orchestrajs/client'
import type { Key } from './queries.ts'

/** One thing that happened. */
export type Happening = Streamed<'GET /events/stream'>['data']

/** What no work changes. */
const settled: ReadonlySet<string> = new Set([
  'GET /me',
  'GET /backends',
  'GET /models',
  'GET /users',
  'GET /roles',
  'GET /bindings',
  'GET /tokens',
  'GET /sessions',
  'GET /channels',
  'GET /hooks',
  'GET /views',
  // The server itself is asked, which nobody wants at each event.
  'GET /servers/{server}/trash',
])

/** Whether something that is shown may be otherwise now: rather once too often than once too seldom. */
export function concerns(happening: Happening, [name, input]: Key): boolean {
  if (settled.has(name)) return false
  const own = input.server
  if (typeof own !== 'string') return true
  const about = serversOf(happening)
  return about === null || about.includes(own)
}

/** Which servers something is about; null where that cannot be told. */
function serversOf(happening: Happening): readonly string[] | null {
  if ('server' in happening) return [happening.server]
  return 'servers' in happening ? happening.servers : null
}
