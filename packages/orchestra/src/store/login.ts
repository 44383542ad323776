import { MECHANISM, Scram, type Verifier } from './scram.ts'
import { authentication, type Frame, PASSWORD } from './wire.ts'

const SASL = 10
const SASL_CONTINUE = 11
const SASL_FINAL = 12

/** What comes next of a login. */
export type LoginStep =
  | { kind: 'answer'; bytes: Buffer }
  | { kind: 'in'; bytes: Buffer }
  | { kind: 'wrong' }
  /** It does not keep to the protocol. */
  | { kind: 'broken' }

/** The messages of one client's login, as Postgres has them. */
export class Login {
  readonly #scram: Scram
  #begun = false

  constructor(verifier: Verifier) {
    this.#scram = new Scram(verifier)
  }

  /** What a client that wants to begin is asked for. */
  question(): Buffer {
    return authentication(SASL, `${MECHANISM}\0\0`)
  }

  take(frame: Frame): LoginStep {
    if (frame.type !== PASSWORD) return { kind: 'broken' }
    return this.#begun ? this.#end(frame) : this.#begin(frame)
  }

  #begin({ bytes }: Frame): LoginStep {
    const end = bytes.indexOf(0, 5)
    if (bytes.toString('latin1', 5, end) !== MECHANISM) return { kind: 'broken' }
    const answer = this.#scram.first(bytes.toString('utf8', end + 5))
    if (answer === undefined) return { kind: 'broken' }
    this.#begun = true
    return { kind: 'answer', bytes: authentication(SASL_CONTINUE, answer) }
  }

  #end({ bytes }: Frame): LoginStep {
    const answer = this.#scram.last(bytes.toString('utf8', 5))
    return answer === undefined
      ? { kind: 'wrong' }
      : { kind: 'in', bytes: authentication(SASL_FINAL, answer) }
  }
}
