import { defaultRangeExtractor, type Range, useVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react'
import type { Rows } from './rows.ts'
import type { Selected } from './selection.ts'

/** Pixels of a row that is not wrapped. */
export const ROW = 20
/** Of the head of an operation, which can be pressed. */
const HEAD = 26
/** Rows that are all in the page, so that the browser's own search finds what they say. */
export const PLAIN = 5_000
/** Rows that can be scrolled through at once, since browsers know no page of millions of pixels: near their end others take their place. */
const STRETCH = 100_000
const NEAR = 1_000

export interface Place {
  row: number
  align: 'start' | 'center' | 'end'
}

/** Which rows of however many are in the page, and the way to all others. */
export interface RowWindow {
  items: VirtualItem[]
  /** The row of the first item that there could be. */
  first: number
  count: number
  height: number
  /** Whether the last row of all can be scrolled to. */
  hasEnd: boolean
  /** Rows that are seen. */
  shown: { from: number; to: number }
  goTo: (place: Place) => void
  /** Keeps what can be scrolled to as it is, or lets it move with the end. */
  pin: (isPinned: boolean) => void
  /** Makes room in front of whoever scrolls. */
  makeRoom: (isDown: boolean) => void
  measure: () => void
  measureRow: (row: Element | null) => void
}

export function useWindow(
  around: RefObject<HTMLElement | null>,
  rows: Rows,
  selected: Selected | null,
): RowWindow {
  const [base, setBase] = useState<number | null>(null)
  const last = Math.max(0, rows.count - STRETCH)
  const first = Math.min(base ?? last, last)
  const count = Math.min(STRETCH, rows.count - first)
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => around.current,
    estimateSize: (index) => (rows.lineAt(first + index) === undefined ? HEAD : ROW),
    overscan: 20,
    getItemKey: useCallback((index: number) => rows.keyOf(first + index), [rows, first]),
    rangeExtractor: (range) => rowsInPage(range, selected, first),
  })
  const going = useRef<Place | null>(null)
  useLayoutEffect(() => {
    const place = going.current
    if (place === null || place.row < first || place.row >= first + count) return
    going.current = null
    virtual.scrollToIndex(place.row - first, { align: place.align })
  })
  const centre = (row: number) => Math.max(0, Math.min(last, row - STRETCH / 2))
  const goTo = ({ row, align }: Place) => {
    going.current = { row: Math.max(0, Math.min(row, rows.count - 1)), align }
    const isWithin = row >= first && row < first + count
    // Also where it is within, so that the page is drawn once more and gets there.
    setBase(isWithin ? first : centre(row))
    if (isWithin) virtual.scrollToIndex(row - first, { align })
  }
  const { startIndex = 0, endIndex = 0 } = virtual.range ?? {}
  return {
    items: virtual.getVirtualItems(),
    first,
    count,
    height: virtual.getTotalSize(),
    hasEnd: first + count === rows.count,
    shown: { from: first + startIndex, to: first + endIndex },
    goTo,
    pin: (isPinned) => setBase(isPinned ? first : null),
    makeRoom: (isDown) => {
      const isNear = isDown ? endIndex > count - NEAR && first < last : startIndex < NEAR && first > 0
      if (!isNear || going.current !== null) return
      going.current = { row: first + startIndex, align: 'start' }
      setBase(centre(first + startIndex))
    },
    measure: () => virtual.measure(),
    measureRow: virtual.measureElement,
  }
}

/** What is seen, and what somebody selects from or to: it stays selected wherever he scrolls. */
function rowsInPage(range: Range, selected: Selected | null, first: number): number[] {
  if (range.count <= PLAIN) return [...Array(range.count).keys()]
  const held = selected === null ? [] : [selected.first - first, selected.last - first]
  const all = new Set([
    ...defaultRangeExtractor(range),
    ...held.filter((row) => row >= 0 && row < range.count),
  ])
  return [...all].toSorted((a, b) => a - b)
}
