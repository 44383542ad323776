import type { Backend } from '../config/backend.ts'
import { formatKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { revisionsOf } from '../recording/revision.ts'
import { recordOne } from '../recording/scripts.ts'
import type { Recording } from '../script/index.ts'
import type { Keyring } from '../store/keyring.ts'

/** What a backend asks for, for an object as it was stored, and the hash of it. */
export interface RenderedObject {
  recording: Recording
  revision: string
  /** The same under keys that are being replaced. */
  formerRevisions: readonly string[]
}

/** Renders the save of a stored object by today's backend. What throws is a failed recording. */
export function renderObject(
  backend: Backend,
  { model, key, snapshot }: { model: string; key: Key; snapshot: unknown },
  keyring: Keyring,
): RenderedObject {
  const operation = {
    id: 0,
    backend: backend.name,
    action: 'save',
    model,
    object_key: formatKey(key),
    keys: key,
    snapshot,
    identity: null,
    previous: [],
  }
  const { lasting } = recordOne(backend, operation, 0, keyring)
  const [revision, ...formerRevisions] = revisionsOf(lasting, keyring)
  return { recording: lasting, revision, formerRevisions }
}

/**
 * A snapshot as it comes back from the database: the names of an object in the order that `jsonb` keeps them in, which is what
 * the scripts are rendered from.
 */
export function asStored(snapshot: unknown): unknown {
  return snapshot === undefined ? null : sortNames(JSON.parse(JSON.stringify(snapshot)))
}

function sortNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortNames)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]) => [name, sortNames(inner)] as const)
  return Object.fromEntries(entries.sort(([one], [other]) => compareNames(one, other)))
}

/** Shorter ones first, then byte by byte. */
function compareNames(one: string, other: string): number {
  if (isAscii(one) && isAscii(other)) return one.length - other.length || (one < other ? -1 : 1)
  return (
    Buffer.byteLength(one) - Buffer.byteLength(other) || Buffer.compare(Buffer.from(one), Buffer.from(other))
  )
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}
