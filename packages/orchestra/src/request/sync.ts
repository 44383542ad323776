import type { Key } from '../config/model.ts'
import type { Cursor } from './cursor.ts'

/** `check` asks the servers and changes nothing; `sync` compares the database first and mends what it finds. */
export type SyncMode = 'check' | 'sync'

export type SyncState = 'comparing' | 'inspecting' | 'done' | 'stopped' | 'failed' | 'cancelled'

/** What comparing the database with the placements came to, in objects and their places. */
export interface Counts {
  created: number
  updated: number
  renamed: number
  moved: number
  deleted: number
  unchanged: number
  /** An operation for the same state waits or runs already. */
  waiting: number
  /** Cannot be done; the operation that failed says why. */
  invalid: number
  /** Keys looked at so far, and about how many there are. */
  seen: number
  total: number
}

export const noCounts: Counts = {
  created: 0,
  updated: 0,
  renamed: 0,
  moved: 0,
  deleted: 0,
  unchanged: 0,
  waiting: 0,
  invalid: 0,
  seen: 0,
  total: 0,
}

export function addCounts(one: Counts, other: Partial<Counts>): Counts {
  const sum = { ...one }
  for (const name of Object.keys(noCounts) as (keyof Counts)[]) sum[name] = one[name] + (other[name] ?? 0)
  return sum
}

/** A row of `orchestra.sync`. */
export interface SyncRow {
  id: number
  mode: SyncMode
  serverId: number | null
  backend: string | null
  model: string | null
  objectKey: string | null
  keys: Key | null
  allowDeletes: number | null
  inspects: boolean
  unitId: string
  actor: string | null
  source: string
  state: SyncState
  cursor: Cursor | null
  counts: Counts
  error: string | null
}

/** The columns of a `SyncRow`. */
export const SYNC_COLUMNS = `id, mode, server_id as "serverId", backend, model, object_key as "objectKey", keys,
  allow_deletes as "allowDeletes", inspects, unit_id as "unitId", actor, source, state, cursor, counts, error`

/** A row as the database gives it: its counts hold only what was counted. */
export function toSyncRow(row: SyncRow): SyncRow {
  return { ...row, counts: addCounts(noCounts, row.counts) }
}

/** Of an object that was looked at in some of its places only, what failed elsewhere is not over. */
export function isWhole({ serverId, backend }: SyncRow): boolean {
  return serverId === null && backend === null
}
