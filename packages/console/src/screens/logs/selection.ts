import { type RefObject, useEffect, useState } from 'react'

/** Rows in which somebody selects something. */
export interface Selected {
  first: number
  last: number
}

/** Where something is selected inside of a place; null while nothing is. */
export function useSelected(place: RefObject<HTMLElement | null>): Selected | null {
  const [selected, select] = useState<Selected | null>(null)
  useEffect(() => {
    const look = () => {
      const found = selectedIn(place.current)
      select((before) => (before?.first === found?.first && before?.last === found?.last ? before : found))
    }
    document.addEventListener('selectionchange', look)
    return () => document.removeEventListener('selectionchange', look)
  }, [place])
  return selected
}

function selectedIn(place: HTMLElement | null): Selected | null {
  const selection = document.getSelection()
  if (place === null || selection === null || selection.isCollapsed) return null
  const rows = [selection.anchorNode, selection.focusNode].map((node) => rowOf(node, place))
  const [a, b] = rows
  return a == null || b == null ? null : { first: Math.min(a, b), last: Math.max(a, b) }
}

function rowOf(node: Node | null, place: HTMLElement): number | null {
  const element = node instanceof Element ? node : node?.parentElement
  const row = element?.closest<HTMLElement>('[data-row]')
  return row == null || !place.contains(row) ? null : Number(row.dataset.row)
}

/** What is selected of one row. */
export function selectedText(row: Element | null): string {
  const text = row?.querySelector('[data-text]') ?? row
  const selection = document.getSelection()
  if (text == null || selection === null || selection.rangeCount === 0) return ''
  const range = selection.getRangeAt(0)
  const own = document.createRange()
  own.selectNodeContents(text)
  if (own.compareBoundaryPoints(Range.START_TO_START, range) < 0)
    own.setStart(range.startContainer, range.startOffset)
  if (own.compareBoundaryPoints(Range.END_TO_END, range) > 0) own.setEnd(range.endContainer, range.endOffset)
  return own.toString().replace(/\n$/, '')
}
