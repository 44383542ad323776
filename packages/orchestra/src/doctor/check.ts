import type { LoadedConfig } from '../config/load.ts'
import type { Store } from '../store/index.ts'

/** What one check found. */
export interface Diagnosis {
  check: string
  state: 'ok' | 'problem'
  message: string
  /** What to do about a problem. */
  hint: string | null
}

/** What checks look at. */
export interface Patient {
  loaded: LoadedConfig
  store: Store
}

/** One question to a store and its configuration. */
export type Check = (patient: Patient) => Promise<Diagnosis[]>

export function ok(check: string, message: string): Diagnosis {
  return { check, state: 'ok', message, hint: null }
}

export function problem(check: string, message: string, hint: string | null = null): Diagnosis {
  return { check, state: 'problem', message, hint }
}
