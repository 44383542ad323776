import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'

/** Whoever wants to know which secrets are made or opened while some code runs. */
export const listening = new AsyncLocalStorage<Listener>()

export interface Listener {
  note(secret: Secret): void
  /** Its value is in the hands of the code that runs. */
  noteOpened(secret: Secret): void
}

export function noteSecret(secret: Secret): void {
  listening.getStore()?.note(secret)
}

function noteOpened(secret: Secret): void {
  listening.getStore()?.noteOpened(secret)
}

/**
 * A value that must not be shown. Every ordinary way of turning it into text gives its name; only `reveal()`
 * gives the value, which makes each place that needs it greppable.
 */
export class Secret {
  readonly #value: string
  readonly name: string

  constructor(value: string, name: string) {
    this.#value = value
    this.name = name
    noteSecret(this)
  }

  /** The value itself. Whatever receives it must keep it out of logs, errors and argument lists. */
  reveal(): string {
    noteOpened(this)
    return this.#value
  }

  /** What stands for the value wherever people look. */
  mask(): string {
    return `${maskStart}${this.name}${maskEnd}`
  }

  /** A secret derived from this one, for example its hash or its encoding. */
  map(derive: (value: string) => string, name: string = this.name): Secret {
    noteSecret(this)
    return new Secret(derive(this.#value), name)
  }

  toString(): string {
    return this.mask()
  }

  toJSON(): string {
    return this.mask()
  }

  [inspect.custom](): string {
    return this.mask()
  }
}

const maskStart = '«secret:'
const maskEnd = '»'

/** Marks a value as secret. The name is what logs and plans show in its place. */
export function secret(value: string, name: string): Secret {
  return new Secret(value, name.replace(/[^\w.:@-]/gu, '_'))
}

/** Whether a plain string holds a masked secret: a secret was joined to it and its value got lost. */
export function holdsMaskedSecret(text: string): boolean {
  return text.includes(maskStart)
}
