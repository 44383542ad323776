import { compareKeys, cursorOf, type ItemKey, readCursor } from './cursor.ts'

/** A part of a list, and where to go on; null on the last. */
export interface ListPage<Item = unknown> {
  items: Item[]
  next: string | null
  /** How many there are on all pages, or that there are so many and more. */
  count?: number
  countIsExact?: boolean
}

/** Items of one answer. */
export const MOST_ITEMS = 200
export const USUAL_ITEMS = 50

/** A page of a list that its verb answers as a whole. */
export function pageOf<Item>(
  all: readonly Item[],
  keyOf: (item: Item) => ItemKey,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): ListPage<Item> {
  const behind = cursor === undefined ? undefined : readCursor(cursor)
  const sorted = all
    .map((item) => ({ item, key: keyOf(item) }))
    .sort((one, other) => compareKeys(one.key, other.key))
    .filter(({ key }) => behind === undefined || compareKeys(key, behind) > 0)
  const page = sorted.slice(0, limit)
  const last = sorted.length > limit ? page.at(-1) : undefined
  const next = last === undefined ? null : cursorOf(last.key)
  return { items: page.map(({ item }) => item), next, count: all.length, countIsExact: true }
}

/** A page of a list whose verb was asked for one item more than fits. */
export function cutPage<Item>(
  found: readonly Item[],
  limit: number,
  nextOf: (last: Item) => string,
): ListPage<Item> {
  const items = found.slice(0, limit)
  const last = found.length > limit ? items.at(-1) : undefined
  return { items, next: last === undefined ? null : nextOf(last) }
}
