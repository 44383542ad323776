import type { Model } from '../config/model.ts'
import { Secret, secret } from '../secrets/secret.ts'
import { toExactJson } from '../source/index.ts'
import type { Seal, SealPath } from '../store/keyring.ts'

/**
 * An object as JSON that keeps what JSON cannot: dates, big integers, bytes, maps, sets, and secrets, which are encrypted for this
 * object and their place in it. What the object itself holds below a key that begins with `$` is wrapped, so that data never reads as one of these.
 */
export type Snapshot = unknown

export function toSnapshot(object: unknown, seal: Seal, path: SealPath = []): Snapshot {
  if (object instanceof Secret) return { $secret: seal.encrypt(object.reveal(), path), name: object.name }
  if (object instanceof Date) return { $date: object.toISOString() }
  if (typeof object === 'bigint') return { $bigint: String(object) }
  if (object instanceof Uint8Array) return { $bytes: Buffer.from(object).toString('base64') }
  if (object instanceof Map) return { $map: toSnapshot([...object], seal, path) }
  if (object instanceof Set) return { $set: toSnapshot([...object], seal, path) }
  if (Array.isArray(object)) return object.map((item, index) => toSnapshot(item, seal, [...path, index]))
  if (typeof object !== 'object' || object === null) return object
  const fields = mapFields(object, (value, name) => toSnapshot(value, seal, [...path, name]))
  return Object.keys(fields).some((name) => name.startsWith('$')) ? { $object: fields } : fields
}

/** @throws OrchestraError ORC_KEY_WRONG */
export function fromSnapshot(snapshot: Snapshot, seal: Seal, path: SealPath = []): unknown {
  if (Array.isArray(snapshot))
    return snapshot.map((item, index) => fromSnapshot(item, seal, [...path, index]))
  if (typeof snapshot !== 'object' || snapshot === null) return snapshot
  const tagged = snapshot as Record<string, unknown>
  if (typeof tagged.$secret === 'string')
    return secret(seal.decrypt(tagged.$secret, path), String(tagged.name))
  if (typeof tagged.$date === 'string') return new Date(tagged.$date)
  if (typeof tagged.$bigint === 'string') return BigInt(tagged.$bigint)
  if (typeof tagged.$bytes === 'string') return Buffer.from(tagged.$bytes, 'base64')
  if (Array.isArray(tagged.$map))
    return new Map(fromSnapshot(tagged.$map, seal, path) as [unknown, unknown][])
  if (Array.isArray(tagged.$set)) return new Set(fromSnapshot(tagged.$set, seal, path) as unknown[])
  const fields = typeof tagged.$object === 'object' && tagged.$object !== null ? tagged.$object : snapshot
  return mapFields(fields, (value, name) => fromSnapshot(value, seal, [...path, name]))
}

/** An object that no table holds, as a change may carry it: its secrets encrypted. */
export function sealObject(model: Model, object: Record<string, unknown>, seal: Seal): Snapshot {
  return toSnapshot(sealSecrets(model, object), seal)
}

/** The inverse of `sealObject`. */
export function openObject(sealed: Snapshot, seal: Seal): unknown {
  const object = fromSnapshot(sealed, seal)
  if (typeof object !== 'object' || object === null) return object
  return mapFields(object, (value) => (value instanceof Secret ? value.reveal() : value))
}

/** The object with its secret fields as `Secret`, named after the model and the field. */
export function sealSecrets(model: Model, object: Record<string, unknown>): Record<string, unknown> {
  const sealed: Record<string, unknown> = { ...object }
  for (const field of model.secrets) {
    const value = object[field]
    if (value !== null && value !== undefined) sealed[field] = asSecret(value, `${model.name}.${field}`)
  }
  return sealed
}

function asSecret(value: unknown, name: string): Secret {
  return secret(typeof value === 'string' ? value : (toExactJson(value) ?? ''), name)
}

function mapFields(
  object: object,
  change: (value: unknown, name: string) => unknown,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue
    if (name === '__proto__') define(fields, name, change(value, name))
    else fields[name] = change(value, name)
  }
  return fields
}

/** A plain assignment to `__proto__` would set the prototype and lose the field. */
function define(fields: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(fields, name, { value, enumerable: true, writable: true, configurable: true })
}
