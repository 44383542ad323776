import { hash } from 'node:crypto'
import { type Recording, Rendered } from '../script/index.ts'
import type { Keyring } from '../store/keyring.ts'

/**
 * A hash of all that an operation asks for: it changes when, and only when, its object or its backend's template does. Where that
 * holds secrets nobody can compute it without the key, lest they be guessed.
 */
export function revisionOf(recording: Recording, keyring: Keyring): string {
  return revisionsOf(recording, keyring)[0]
}

/** The same, and after it what it was under keys that are being replaced: what was noted then has not changed since. */
export function revisionsOf(recording: Recording, keyring: Keyring): [string, ...string[]] {
  const steps = recording.kind === 'recorded' ? recording.steps : []
  const revealed = new Revealed()
  const text = JSON.stringify(revealed.of(steps))
  // Comparing 100,000 objects hashes each: with a key, that alone is a tenth of the work.
  if (!revealed.holdsSecrets) return [hash('sha256', text, 'base64url')]
  return [keyring.digest(text), ...keyring.formerDigests(text)]
}

/** `JSON.stringify` shows the masked form of secrets; what is hashed is the real one. */
class Revealed {
  holdsSecrets = false

  of(value: unknown): unknown {
    if (value instanceof Rendered) {
      this.holdsSecrets ||= value.secrets.length > 0
      return value.reveal()
    }
    if (Array.isArray(value)) return value.map((inner) => this.of(inner))
    return isRecord(value) ? this.#fieldsOf(value) : value
  }

  #fieldsOf(value: object): Record<string, unknown> {
    const fields: Record<string, unknown> = {}
    for (const [name, inner] of Object.entries(value)) fields[name] = this.of(inner)
    return fields
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
