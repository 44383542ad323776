import { useState } from 'react'
import { openAtFirst, type Section } from './rows.ts'

type Position = Section['position']

export interface Opened {
  /** Another one each time that something is opened or closed. */
  open: ReadonlySet<Position>
  isAllOpen: boolean
  /** Opens what is closed, and closes what is open. */
  toggle: (position: Position) => void
  toggleAll: () => void
}

/** Which operations of a log are open. What is open stays open, whatever comes; what comes later is open. */
export function useOpen(sections: readonly Section[]): Opened {
  const printed = sections.filter(({ from }) => from !== null).map(({ position }) => position)
  const [{ open, known }, set] = useState(() => ({ open: openAtFirst(sections), known: new Set(printed) }))
  const added = printed.filter((position) => !known.has(position))
  if (added.length > 0) set({ open: new Set([...open, ...added]), known: new Set(printed) })
  const change = (to: readonly Position[]) => set({ open: new Set(to), known })
  const isAllOpen = printed.every((position) => position === null || open.has(position))
  return {
    open,
    isAllOpen,
    toggle: (position) =>
      change(open.has(position) ? [...open].filter((one) => one !== position) : [...open, position]),
    toggleAll: () => change(isAllOpen ? [] : printed),
  }
}
