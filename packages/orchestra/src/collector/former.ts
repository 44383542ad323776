import type { Backend } from '../config/backend.ts'
import type { Stored } from '../places/index.ts'
import type { Placed } from './placed.ts'

/** Whether what stands in a place is of another object, which had the key before. What is not known differs from nothing. */
export function isOfAnother(backend: Backend, placed: Placed, object: Record<string, unknown>): boolean {
  const { incarnation } = backend.model
  if (incarnation === null || !tellsApart(backend)) return false
  const now = textOf(object[incarnation])
  const then = textOf(fieldOf(placed.snapshot, incarnation))
  return now !== undefined && then !== undefined && now !== then
}

/**
 * Whether the next object with a key must not get what stands of the one before. What a backend cannot remove stays, and in a whole
 * file nothing is anybody's for longer than the file.
 */
function tellsApart(backend: Backend): boolean {
  return backend.delete !== undefined && backend.sync === undefined
}

/** As snapshots write them. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Date) return value.toISOString()
  return textIn(value, '$date') ?? textIn(value, '$bigint')
}

function fieldOf(snapshot: unknown, name: string): unknown {
  if (typeof snapshot !== 'object' || snapshot === null) return undefined
  const fields = '$object' in snapshot ? snapshot.$object : snapshot
  return (fields as Record<string, unknown>)[name]
}

function textIn(value: unknown, tag: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const text = (value as Record<string, unknown>)[tag]
  return typeof text === 'string' ? text : undefined
}

/** Whether something of another object than the one that has the key now still has to go. */
export function isReplacing({ row }: Pick<Stored, 'row'>): boolean {
  return row.names.some(({ incarnation }) => incarnation !== row.incarnation)
}
