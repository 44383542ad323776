import { useNavigate, useRouterState, useSearch } from '@tanstack/react-router'
import { type MouseEvent, useCallback } from 'react'
import { type LineRange, readLineRange, writeLineRange } from './line-range.ts'

export interface LogSearch {
  find?: string | undefined
  wrap?: boolean | undefined
  times?: boolean | undefined
}

/** Where somebody is in a log, and how he looks at it: all of it is in the address. */
export function useLogSearch() {
  const search: LogSearch = useSearch({ from: '/logs/$log/' })
  const navigate = useNavigate({ from: '/logs/$log/' })
  const hash = useRouterState({ select: ({ location }) => location.hash })
  const go = useCallback(
    (news: LogSearch, to: string) =>
      void navigate({
        search: (now: LogSearch) => ({ ...now, ...news }),
        hash: to,
        replace: true,
        hashScrollIntoView: false,
        resetScroll: false,
      }),
    [navigate],
  )
  const point = useCallback(
    (n: number, event: MouseEvent) => {
      event.preventDefault()
      const before = readLineRange(location.hash)
      const range = event.shiftKey && before !== null ? rangeOf(before.from, n) : rangeOf(n, n)
      go({}, writeLineRange(range))
    },
    [go],
  )
  return { search, pointed: readLineRange(hash), change: (news: LogSearch) => go(news, hash), point }
}

function rangeOf(a: number, b: number): LineRange {
  return { from: Math.min(a, b), to: Math.max(a, b) }
}
