import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { LineRange } from './line-range.ts'
import type { Extent } from './output.ts'
import { hasFailed, type Rows, type Section, sectionOf } from './rows.ts'
import type { Opened } from './use-open.ts'
import { ROW, type RowWindow } from './use-window.ts'

interface Parts {
  around: RefObject<HTMLElement | null>
  extent: Extent
  sections: readonly Section[]
  rows: Rows
  opened: Opened
  window: RowWindow
  pointed: LineRange | null
  /** Somebody selects something: nothing moves below him. */
  isHeld: boolean
}

export interface Places {
  isFollowing: boolean
  /** Lines that came since it was left alone. */
  news: number
  pause: () => void
  resume: () => void
  goToLine: (line: number) => void
  /** To the head of the operation before what is seen, or behind it. */
  goToHead: (step: 1 | -1) => void
  goToRow: (row: number, align: 'start' | 'end') => void
  onScroll: () => void
}

/** Where in a log somebody is: at its end while it grows and he does not go elsewhere. */
export function usePlaces(parts: Parts): Places {
  const { around, extent, sections, rows, window, pointed, isHeld } = parts
  const isLive = !extent.ended
  const [isOn, turn] = useState(pointed === null)
  const isFollowing = isOn && isLive
  const seen = useRef(0)
  if (isFollowing && !isHeld) seen.current = extent.total
  const pause = () => {
    turn(false)
    window.pin(true)
  }
  const resume = () => {
    turn(true)
    window.pin(false)
  }
  const goToRow = (row: number, align: 'start' | 'end') => {
    turn(false)
    window.goTo({ row, align })
  }
  const goToLine = useLineToGo(parts, () => turn(false))
  useBeginning(extent, () => {
    if (pointed !== null) return goToLine(pointed.from)
    if (isLive) return
    const failed = sections.findLast((section) => hasFailed(section) && section.to !== null)
    window.goTo({ row: failed?.to == null ? rows.count - 1 : rows.rowOf(failed.to), align: 'end' })
  })
  useLayoutEffect(() => {
    const place = around.current
    if (isFollowing && !isHeld && place !== null) place.scrollTop = place.scrollHeight
  })
  const top = useRef(0)
  const onScroll = () => {
    const place = around.current
    if (place === null) return
    const isDown = place.scrollTop >= top.current
    const rest = place.scrollHeight - place.clientHeight - place.scrollTop
    top.current = place.scrollTop
    if (isFollowing && !isDown && rest > 2 * ROW) pause()
    else if (isLive && !isOn && isDown && rest < ROW && window.hasEnd) resume()
    else if (!isFollowing) window.makeRoom(isDown)
  }
  return {
    isFollowing,
    news: isLive ? extent.total - seen.current : 0,
    pause,
    resume,
    goToLine,
    goToHead: (step) => {
      const row = rows.headFrom(window.shown.from, step)
      if (row !== undefined) goToRow(row, 'start')
    },
    goToRow,
    onScroll,
  }
}

/** Once it is known how much there is. */
function useBeginning({ isKnown, total }: Extent, begin: () => void): void {
  const hasBegun = useRef(false)
  useEffect(() => {
    if (hasBegun.current || !isKnown || total === 0) return
    hasBegun.current = true
    begin()
  })
}

/** Where a line is shows once its operation is open. */
function useLineToGo({ sections, rows, opened, window, extent }: Parts, leave: () => void) {
  const [line, setLine] = useState<number | null>(null)
  useEffect(() => {
    if (line === null || !extent.isKnown) return
    const section = sectionOf(sections, line)
    if (section !== undefined && !opened.open.has(section.position)) return opened.toggle(section.position)
    setLine(null)
    window.goTo({ row: rows.rowOf(line), align: 'center' })
  })
  return (to: number) => {
    leave()
    setLine(to)
  }
}
