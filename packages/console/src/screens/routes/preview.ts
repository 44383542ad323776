import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { ApiError } from 'orchestrajs/client'
import { useEffect, useState } from 'react'
import { client } from '../../api/client.ts'

/** Milliseconds without a stroke before an expression is tried. */
const QUIET = 250

export interface Draft {
  backend: string
  match: string
  /** The route that it is to be the expression of; undefined for a new one. */
  route: number | undefined
}

/** What an expression matches, gains and loses, asked while it is written. */
export function usePreview(draft: Draft) {
  const asked = useRested(draft)
  const { backend, match, route } = asked
  const input = { backend, match, ...(route === undefined ? {} : { route }) }
  const found = useQuery({
    queryKey: ['POST /routes/preview', input],
    queryFn: ({ signal }) => client.ask('POST /routes/preview', input, { signal }),
    enabled: backend !== '' && match.trim() !== '',
    placeholderData: keepPreviousData,
    staleTime: 0,
  })
  return { ...found, error: found.error as ApiError | null, of: asked.match }
}

/** What somebody writes, once he rests. */
function useRested(draft: Draft): Draft {
  const { backend, match, route } = draft
  const [rested, setRested] = useState(draft)
  useEffect(() => {
    const timer = setTimeout(() => setRested({ backend, match, route }), QUIET)
    return () => clearTimeout(timer)
  }, [backend, match, route])
  return rested
}
