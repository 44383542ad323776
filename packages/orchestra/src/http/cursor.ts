import { z } from 'zod'

/** Where a page of a list that is known as a whole ended: the key of its last item. */
export type ItemKey = readonly (string | number)[]

const MOST_CHARACTERS = 20_000

/** A cursor that `cursorOf` made; anything else is refused. */
export const cursorField = z
  .string()
  .max(MOST_CHARACTERS)
  .refine((text) => readCursor(text) !== undefined, 'is not where a page of this list ended')

export function cursorOf(key: ItemKey): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

export function readCursor(text: string): ItemKey | undefined {
  try {
    const key: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return Array.isArray(key) && key.length > 0 && key.every(isPart) ? key : undefined
  } catch {
    return undefined
  }
}

function isPart(part: unknown): part is string | number {
  return typeof part === 'string' || typeof part === 'number'
}

/** Numbers before texts, each in its own order. */
export function compareKeys(one: ItemKey, other: ItemKey): number {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const order = compareParts(one[at], other[at])
    if (order !== 0) return order
  }
  return 0
}

function compareParts(one: string | number | undefined, other: string | number | undefined): number {
  if (one === other) return 0
  if (one === undefined) return -1
  if (other === undefined) return 1
  if (typeof one === typeof other) return one < other ? -1 : 1
  return typeof one === 'number' ? -1 : 1
}
