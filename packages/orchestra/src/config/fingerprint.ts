import { createHash } from 'node:crypto'
import { unguarded } from '../secrets/guarded.ts'
import { Secret } from '../secrets/secret.ts'
import type { Backend } from './backend.ts'
import type { Model } from './model.ts'

/** What makes two workers decide and render alike, as far as it can be seen from outside. */
export interface Fingerprinted {
  models: readonly Model[]
  backends: readonly Backend[]
  schedules?: readonly { readonly name: string }[]
  /** The application's, where it names one. */
  release: string
  /** That of this package. */
  version: string
}

/**
 * The same text for the same models, backends, schedules and releases, in every process. Of functions it sees the text and not what they call:
 * the application's release is for that.
 */
export function fingerprintOf({ models, backends, schedules = [], release, version }: Fingerprinted): string {
  const described = [
    version,
    release,
    named(schedules).map((schedule) => describe(schedule, new Set())),
    named(models).map((model) => describe(model, new Set())),
    named(backends).map((backend) => describe({ ...backend, model: backend.model.name }, new Set())),
  ]
  return createHash('sha256').update(JSON.stringify(described)).digest('hex')
}

function named<Named extends { readonly name: string }>(list: readonly Named[]): Named[] {
  return list.toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

/** A value as JSON can hold it. Nothing is called for it, because what a call answers may differ from process to process. */
function describe(value: unknown, above: ReadonlySet<object>): unknown {
  if (typeof value === 'function') return String(unguarded(value))
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value ?? null
  if (value instanceof Secret) return `secret ${value.name}`
  if (value instanceof RegExp || value instanceof Date) return String(value)
  if (above.has(value)) return 'above'
  const within = new Set(above).add(value)
  if (value instanceof Map || value instanceof Set || Array.isArray(value))
    return [...value].map((item) => describe(item, within))
  return describeFields(schemaOf(value) ?? value, within)
}

/** Of a schema what defines it: the rest are its methods. */
function schemaOf(value: object): object | undefined {
  const { _zod: inner } = value as { _zod?: { def?: object } }
  return inner?.def
}

function describeFields(value: object, within: ReadonlySet<object>): unknown {
  return Object.entries(Object.getOwnPropertyDescriptors(value))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { get }]) => {
      // A schema's default is computed anew each time that it is asked for; its fields are the same each time.
      const isComputed = get !== undefined && name !== 'shape'
      return [name, isComputed ? String(get) : describe(Reflect.get(value, name), within)]
    })
}
