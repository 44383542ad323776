import { inspect } from 'node:util'
import { OrchestraError } from '../errors.ts'
import { currentScope } from '../secrets/scope.ts'
import { holdsMaskedSecret, listening, Secret } from '../secrets/secret.ts'

/**
 * A piece of text in its two renderings: what the server gets and what people see. Both are built side by
 * side at every step, so that no rendering is ever made from the other by search and replace.
 */
export class Rendered {
  readonly #real: string
  readonly masked: string
  readonly secrets: readonly Secret[]

  constructor(real: string, masked: string, secrets: readonly Secret[]) {
    this.#real = real
    this.masked = masked
    this.secrets = secrets
  }

  /** The rendering that the server gets. */
  reveal(): string {
    return this.#real
  }

  /** Applies the same change to both renderings. */
  map(change: (text: string) => string): Rendered {
    if (this.secrets.length === 0) return plain(change(this.#real))
    return new Rendered(change(this.#real), change(this.masked), this.secrets)
  }

  toString(): string {
    return this.masked
  }

  toJSON(): string {
    return this.masked
  }

  [inspect.custom](): string {
    return this.masked
  }
}

/** Text for a file or for a command's stdin. Build it with `text` where it holds secrets. */
export type Content = string | Secret | Rendered

/** Text without secrets: one string is both renderings. */
export function plain(text: string): Rendered {
  return new Rendered(text, text, [])
}

/** The two renderings of a secret. */
export function renderSecret(value: Secret): Rendered {
  // Opened for the server, not for whoever puts text together here.
  const real = listening.exit(() => value.reveal())
  return new Rendered(checkText(real, `the secret ${value.name}`), value.mask(), [value])
}

export function join(parts: readonly Rendered[], separator = ''): Rendered {
  const secrets = parts.flatMap((part) => part.secrets)
  const real = parts.map((part) => part.reveal()).join(separator)
  if (secrets.length === 0) return plain(real)
  return new Rendered(real, parts.map((part) => part.masked).join(separator), secrets)
}

/** Text that an author wrote or a table held, as it will stand in a script. */
function checkText(text: string, what: string): string {
  if (text.includes('\0')) {
    throw new OrchestraError('ORC_VALUE_NUL', `${what} contains a NUL byte`, {
      hint: "No shell value, path or text file can hold one; refuse it in the model's schema",
    })
  }
  if (!text.isWellFormed()) {
    throw new OrchestraError('ORC_VALUE_SURROGATE', `${what} contains half of a UTF-16 character pair`, {
      hint: "The text was cut inside a character; refuse it in the model's schema",
    })
  }
  return text
}

/** A plain string where no secret can stand: refused when one was joined to it on the way, by its name or by its value. */
export function checkPlain(text: string, what: string): string {
  const rendered = renderJoined(text, what)
  if (rendered.secrets.length === 0) return text
  throw new OrchestraError(
    'ORC_SECRET_JOINED',
    `${what} would show a secret to everybody: ${rendered.masked}`,
    {
      hint: 'Make it of something else; a secret may stand in commands, their input and files',
    },
  )
}

/** A string, in which secrets may stand that were opened before it was put together. */
function renderJoined(text: string, what: string): Rendered {
  if (holdsMaskedSecret(text)) {
    throw new OrchestraError('ORC_SECRET_JOINED', `${what} holds the name of a secret instead of its value`, {
      hint: 'Build it with the text`...` or sh`...` template, which keep secrets as they are',
    })
  }
  checkText(text, what)
  const opened = currentScope()?.masked(text) ?? null
  return opened === null ? plain(text) : new Rendered(text, opened.masked, opened.secrets)
}

/** What may stand where one piece of text is expected. */
export type TextValue = string | number | bigint | boolean | Secret | Rendered

export function renderText(value: unknown, what: string): Rendered {
  if (value instanceof Rendered) return value
  if (value instanceof Secret) return renderSecret(value)
  if (typeof value === 'string') return renderJoined(value, what)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return plain(String(value))
  throw unusable(value, what)
}

function unusable(value: unknown, what: string): OrchestraError {
  if (value === null || value === undefined) {
    return new OrchestraError('ORC_VALUE_MISSING', `${what} is ${value}`, {
      hint: 'Give it a default, or leave the step out when there is no value',
    })
  }
  return new OrchestraError(
    'ORC_VALUE_INVALID',
    `${what} is ${describeType(value)}, which has no single text`,
    {
      hint: 'Pass strings, numbers, booleans, secrets, or arrays of them',
    },
  )
}

function describeType(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`
  return `an object (${value.constructor?.name ?? 'no class'})`
}
