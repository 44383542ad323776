import { setImmediate as breathe } from 'node:timers/promises'
import { fromSnapshot, toSnapshot } from '../collector/index.ts'
import { isOrchestraError } from '../errors.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type Keyring, type Seal, sealedBy } from '../store/keyring.ts'
import { type SealedColumn, sealedColumns } from './sealed-columns.ts'
import { replaceValues, type SealedRow, sealedRows } from './sealed-rows.ts'

/** What one pass over everything that is sealed came to, in rows. */
export interface Pass {
  resealed: number
  /** Somebody else was writing them: the next pass meets them again. */
  left: number
  /** No key that is here opens them. */
  unreadable: number
}

/** Seals again, with the first key and bound to its place, whatever is sealed otherwise. */
export async function resealAll(
  store: Store,
  signal: AbortSignal,
  onRows: (count: number) => void,
): Promise<Pass> {
  const pass: Pass = { resealed: 0, left: 0, unreadable: 0 }
  for (const column of sealedColumns) {
    for await (const rows of sealedRows(store, column)) {
      if (signal.aborted) return pass
      add(pass, await resealPage(store, column, rows))
      onRows(rows.length)
      await breathe()
    }
  }
  return pass
}

function add(pass: Pass, more: Pass): void {
  pass.resealed += more.resealed
  pass.left += more.left
  pass.unreadable += more.unreadable
}

async function resealPage(store: Store, column: SealedColumn, rows: readonly SealedRow[]): Promise<Pass> {
  const old = rows.filter(({ value }) => !isCurrent(value, store.keyring.id))
  const resealed = old.map((row) => ({ id: row.id, before: row.value, after: reseal(row, column, store) }))
  const readable = resealed.filter(({ after }) => after !== undefined)
  const replaced = await replaceValues(store, column, readable)
  return {
    resealed: replaced,
    left: readable.length - replaced,
    unreadable: resealed.length - readable.length,
  }
}

/** Undefined where no key opens it. */
function reseal(row: SealedRow, { holds }: SealedColumn, { keyring }: { keyring: Keyring }): unknown {
  const seal = keyring.for(row.model, row.objectKey)
  try {
    if (holds === 'snapshot') return anew(row.value, seal)
    return (row.value as { snapshot: unknown }[]).map((one) => ({
      ...one,
      snapshot: anew(one.snapshot, seal),
    }))
  } catch (error) {
    if (isOrchestraError(error, 'ORC_KEY_WRONG')) return undefined
    throw error
  }
}

function anew(snapshot: unknown, seal: Seal): unknown {
  return toSnapshot(fromSnapshot(snapshot, seal), seal)
}

function isCurrent(value: unknown, keyId: string): boolean {
  return sealsIn(value).every(({ version, id }) => version === 'v2' && id === keyId)
}

/** How each secret of a snapshot, or of a list of them, is sealed. Data that looks like one is none. */
function sealsIn(value: unknown): { version: string; id: string }[] {
  if (typeof value !== 'object' || value === null) return []
  const { $secret, $object } = value as Record<string, unknown>
  if (typeof $secret === 'string') return [sealedBy($secret)]
  return Object.values(typeof $object === 'object' && $object !== null ? $object : value).flatMap(sealsIn)
}

/** How many rows need each key, by the key's id. Reads everything that is sealed. */
export async function rowsByKey(db: Queryable): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const column of sealedColumns) {
    for await (const rows of sealedRows(db, column))
      for (const { value } of rows)
        for (const id of new Set(sealsIn(value).map((seal) => seal.id)))
          counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}
