import { Limited } from '../access/index.ts'
import { counted } from './limits.ts'
import type { Authenticate, Principal } from './principal.ts'

interface Open {
  key: string | undefined
  session: number | undefined
  ending: AbortController
}

/** The streams that are open, and whoever waits for an answer, by whose they are: nobody has many, and none outlives the login that it was opened by. */
export class OpenStreams {
  readonly #open = new Set<Open>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** @throws OrchestraError ORC_HTTP_LIMITED */
  open(principal: Principal): { signal: AbortSignal; end: () => void; close: () => void } {
    const key = counted(principal)
    const own = [...this.#open].filter((one) => key !== undefined && one.key === key)
    if (own.length >= this.#most) throw tooMany(this.#most)
    const stream = { key, session: sessionOf(principal), ending: new AbortController() }
    this.#open.add(stream)
    const { signal } = stream.ending
    return { signal, end: () => stream.ending.abort(), close: () => this.#open.delete(stream) }
  }

  /** Ends those of a session that somebody leaves. */
  endOf(principal: Principal): void {
    const session = sessionOf(principal)
    for (const one of this.#open) if (session !== undefined && one.session === session) one.ending.abort()
  }
}

function sessionOf({ acting }: Principal): number | undefined {
  return 'grants' in acting && acting.kind === 'user' ? (acting.by ?? undefined) : undefined
}

function tooMany(most: number): Limited {
  return new Limited('ORC_HTTP_LIMITED', `${most} streams are open already, or wait`, {
    seconds: 5,
    hint: 'Close one, or share one among the windows of a browser',
  })
}

/** Looks again and again whether a stream may still be told to whom it is told, and ends it where he is out or may something else. */
export function watchPermission(
  principal: Principal,
  look: () => ReturnType<Authenticate>,
  { every, end }: { every: number; end: () => void },
): () => void {
  const before = mayOf(principal)
  const timer = setInterval(() => {
    look().then((now) => void ((now === undefined || mayOf(now) !== before) && end()), end)
  }, every)
  return () => clearInterval(timer)
}

/** All that somebody may, in one text. */
function mayOf({ acting }: Principal): string {
  if (!('grants' in acting)) return acting.name
  return JSON.stringify(acting.grants.map(({ permissions, scope }) => [[...permissions], scope]))
}
