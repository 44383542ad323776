import { normalError } from '../operations/normal-error.ts'

/** One failure, as far as it is known. */
export interface Failed {
  object: string
  action: string
  outcome: string | null
  error: string | null
  /** What the object is called on its server. */
  identity?: string | null
  backend?: string | null
  server?: string | null
  attempt?: number
  nextTry?: string | null
  logId?: number | null
}

/** Failures that have one cause. Times are ISO 8601. */
export interface Cause {
  count: number
  action: string
  outcome: string
  /** The error of the first of them. */
  error: string | null
  /** The first of them by name. */
  objects: string[]
  backends: string[]
  servers: string[]
  /** When the first of them is tried again. */
  nextTry: string | null
  /** Tries so far of the one that was tried most. */
  attempt: number
  /** A log of one of them. */
  logId: number | null
}

const MOST_NAMED = 5

/** Puts failures together whose errors differ in nothing but the object that they are about; the most frequent first. */
export function causesOf(failures: readonly Failed[]): Cause[] {
  const groups = Map.groupBy(failures, (one) =>
    JSON.stringify([one.action, one.outcome, one.backend ?? null, normalError(one)]),
  )
  return [...groups.values()].map(toCause).toSorted((one, other) => other.count - one.count)
}

function toCause(failures: readonly Failed[]): Cause {
  const [first] = failures
  const namesOf = (name: 'backend' | 'server') => [...new Set(failures.flatMap((one) => one[name] ?? []))]
  const tries = failures.flatMap(({ nextTry }) => nextTry ?? []).toSorted()
  const logIds = failures.flatMap(({ logId }) => logId ?? [])
  return {
    count: failures.length,
    action: first?.action ?? '',
    outcome: first?.outcome ?? 'failure',
    error: first?.error ?? null,
    objects: failures.slice(0, MOST_NAMED).map(({ object }) => object),
    backends: namesOf('backend'),
    servers: namesOf('server'),
    nextTry: tries[0] ?? null,
    attempt: failures.reduce((most, { attempt = 0 }) => Math.max(most, attempt), 0),
    logId: logIds[0] ?? null,
  }
}
