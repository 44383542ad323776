import type { Config } from '../config/config.ts'
import type { Methods } from '../methods/index.ts'
import type { Store } from '../store/store.ts'
import type { Journals } from './journals.ts'

/** What it takes to run scripts on a server whose lane is held. */
export interface RunContext {
  store: Store
  config: Config
  methods: Methods
  /** Aborts with a `Stop` as its reason. */
  signal: AbortSignal
  journals: Journals
  onStarted(logId: number): void
}

/** Why a running script is stopped from this side. */
export type Stop =
  | { kind: 'cancel'; by: string; operationIds: readonly number[] }
  | { kind: 'shutdown' }
  | { kind: 'lost-lane' }

/** What a lane does after a script. */
export type RunEnd =
  | { kind: 'ran' }
  | { kind: 'blocked'; reason: string }
  | { kind: 'unknown'; reason: string }
  | { kind: 'lost-lane' }
  | { kind: 'stopped' }

/** Why a script was stopped, for its log. */
export function whyStopped(stop: Stop): string {
  const why = stop.kind === 'cancel' ? `cancelled by ${stop.by}` : 'the worker stopped'
  return `${why}; what has no result is done again`
}
