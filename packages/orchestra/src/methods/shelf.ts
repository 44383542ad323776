import type { Job, ServerTarget } from './method.ts'
import { Session } from './session.ts'
import { type Bash, placeOnce, type SessionAnswer, type Wire } from './wire.ts'

/** How long a bash that nobody uses is kept. */
const keepUnused = 60_000

/** How many are kept on one connection. */
const mostKept = 2

/** Keeps one bash for each user and directory between scripts. */
export class Shelf {
  readonly #keepUnused: number
  readonly #kept = new Map<string, { session: Session; expiry: NodeJS.Timeout }>()

  /** @param keep milliseconds */
  constructor(keep = keepUnused) {
    this.#keepUnused = keep
  }

  /**
   * A place for a job's script: in a bash that stays here, or in a new one. Nothing of the script is sent.
   * @param start a bash of this kind
   */
  async place(
    target: ServerTarget,
    job: Job,
    patience: number,
    start: (what: Starting) => Promise<SessionAnswer<Wire>>,
  ): Promise<SessionAnswer<Bash>> {
    if (job.input !== undefined || job.interpreter !== null) return mapSession(await start('once'), placeOnce)
    const key = keyOf(target, job)
    const kept = this.#take(key)
    if (kept !== undefined) {
      const answer = await kept.ask(job.runId, patience)
      if (answer === 'ready') return { kind: 'session', session: this.#placeIn(kept, key) }
      kept.end()
      if (answer === 'silent')
        return { kind: 'none', reason: 'the bash that stays there gave no answer in time' }
    }
    return mapSession(await start('to stay'), (wire) => this.#placeIn(new Session(wire), key))
  }

  /** Ends those that nobody uses, and waits for that. */
  async close(): Promise<void> {
    await Promise.all([...this.#kept.keys()].map((key) => this.#take(key)?.close()))
  }

  /** The one that was used last is kept longest. */
  #shrink(most: number): void {
    const keys = [...this.#kept.keys()]
    for (const key of keys.slice(0, Math.max(0, keys.length - most))) this.#take(key)?.end()
  }

  #placeIn(session: Session, key: string): Bash {
    return session.place(() => this.#put(key, session))
  }

  #put(key: string, session: Session): void {
    this.#take(key)?.end()
    this.#shrink(mostKept - 1)
    const expiry = setTimeout(() => this.#take(key)?.end(), this.#keepUnused)
    expiry.unref()
    this.#kept.set(key, { session, expiry })
    session.onOver(() => {
      if (this.#kept.get(key)?.session === session) this.#take(key)?.end()
    })
  }

  #take(key: string): Session | undefined {
    const kept = this.#kept.get(key)
    this.#kept.delete(key)
    clearTimeout(kept?.expiry)
    return kept?.session
  }
}

/** `once`: a bash that ends with its script. */
export type Starting = 'once' | 'to stay'

/** What makes a bash another one, on one connection. */
function keyOf({ sudo, directory }: ServerTarget, { user }: Job): string {
  return JSON.stringify([sudo, directory, user])
}

function mapSession<From, To>(answer: SessionAnswer<From>, map: (from: From) => To): SessionAnswer<To> {
  return answer.kind === 'session' ? { kind: 'session', session: map(answer.session) } : answer
}
