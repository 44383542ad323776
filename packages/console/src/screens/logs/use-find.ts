import { useQuery } from '@tanstack/react-query'
import type { AnswerOf } from 'orchestrajs/client'
import { useState } from 'react'
import { asked } from '../../api/queries.ts'

export type Found = AnswerOf<'GET /logs/{log}/search'>

/** Places that are told at once; from the last of them on, the next are asked for. */
const AT_ONCE = 1_000

export interface Finding {
  /** All there are, and which of them is looked at; the first is 1. */
  total: number
  at: number
  /** Whether only the beginning was looked through. */
  isCut: boolean
  /** Its line. */
  line: number | undefined
  /** Goes on to the next, or back: around the ends. */
  go: (step: 1 | -1) => void
  error: Error | null
  isPending: boolean
}

/** The bytes from which each page of places goes on. */
type Pages = readonly (number | undefined)[]

/** Where a text stands in a log, of however many places: the server looks, so that nothing has to be here. */
export function useFind(log: number, text: string): Finding {
  const [{ of, pages, at }, setPlace] = useState<{ of: string; pages: Pages; at: number }>({
    of: text,
    pages: [undefined],
    at: -1,
  })
  if (of !== text) setPlace({ of: text, pages: [undefined], at: -1 })
  const search = (from: number | undefined) => ({
    ...asked('GET /logs/{log}/search', {
      log,
      q: text,
      limit: AT_ONCE,
      ...(from === undefined ? {} : { from }),
    }),
    enabled: text !== '',
    placeholderData: undefined,
  })
  const all = useQuery(search(undefined))
  const page = useQuery(search(pages.at(-1)))
  const total = text === '' ? 0 : (all.data?.total ?? 0)
  const places = page.data?.positions ?? []
  const before = (pages.length - 1) * AT_ONCE
  const go = (step: 1 | -1) => {
    const next = at + step
    const last = places.at(-1)
    if (next >= before + places.length && before + places.length < total && last !== undefined)
      setPlace({ of: text, pages: [...pages, last.offset + 1], at: next })
    else if (next >= total) setPlace({ of: text, pages: [undefined], at: 0 })
    else if (next < before && pages.length > 1) setPlace({ of: text, pages: pages.slice(0, -1), at: next })
    else setPlace({ of: text, pages, at: next < 0 ? before + places.length - 1 : next })
  }
  return {
    total,
    at: at + 1,
    isCut: all.data?.truncated === true,
    line: at < 0 ? undefined : places[at - before]?.line,
    go,
    error: all.error ?? page.error,
    isPending: text !== '' && all.isPending,
  }
}
