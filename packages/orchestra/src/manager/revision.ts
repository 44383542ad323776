import { type Recording, Rendered } from '../script/index.ts'
import type { Keyring } from '../store/keyring.ts'

/** A hash of all that an operation asks for: it changes when, and only when, its object or its backend's template does. */
export function revisionOf(recording: Recording, keyring: Keyring): string {
  const steps = recording.kind === 'recorded' ? recording.steps : []
  return keyring.digest(JSON.stringify(steps, reveal))
}

/** `JSON.stringify` shows the masked form of secrets; what is hashed is the real one. */
function reveal(this: unknown, name: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[name]
  return original instanceof Rendered ? original.reveal() : value
}
