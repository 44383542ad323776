import { createHash } from 'node:crypto'
import { normalError } from '../operations/normal-error.ts'

/** One thing that is wrong now, as the store has it. */
export interface Failing {
  /** Null where no server could be told. */
  serverId: number | null
  /** Null when it is the whole server's. */
  backend: string | null
  outcome: string
  error: string | null
  /** Empty when it is the whole server's. */
  object: string
  identity: string | null
  logId: number | null
  /** When it was last tried. */
  at: Date
}

/** All that is wrong now for one cause. */
export interface Symptom {
  key: string
  serverId: number | null
  backend: string | null
  outcome: string
  error: string | null
  objects: number
  samples: string[]
  logId: number | null
  at: Date
}

const MOST_SAMPLES = 5

/** Keys of causes that somebody said are the same as another: that one's key. */
export type Merged = ReadonlyMap<string, string>

/** By server, backend, outcome, and the error without what names its object. */
export function symptomsOf(failing: readonly Failing[], merged: Merged = new Map()): Symptom[] {
  const causeOf = (one: Failing) => {
    const key = keyOf(one)
    return merged.get(key) ?? key
  }
  return [...Map.groupBy(failing, causeOf)].map(([key, all]) => toSymptom(key, all))
}

export function keyOf(failing: Failing): string {
  const parts = [failing.serverId, failing.backend, failing.outcome, normalError(failing)]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function toSymptom(key: string, all: readonly Failing[]): Symptom {
  const last = all.reduce((one, other) => (other.at > one.at ? other : one))
  const { serverId, backend, outcome, error, logId, at } = last
  const samples = all.flatMap(({ object }) => (object === '' ? [] : [object])).slice(0, MOST_SAMPLES)
  return { key, serverId, backend, outcome, error, logId, at, objects: all.length, samples }
}
