import { createRootRoute, Link } from '@tanstack/react-router'
import { Screen } from './parts/screen.tsx'
import { Shell } from './shell/shell.tsx'
import { useWords } from './words/index.ts'

/** What narrows a list, and which page of it is seen: all of it is in the address. */
export interface ListSearch {
  q?: string | undefined
  cursor?: string | undefined
}

export function listSearch({ q, cursor }: Record<string, unknown>): ListSearch {
  return {
    ...(q === undefined || q === '' ? {} : { q: String(q) }),
    ...(cursor === undefined ? {} : { cursor: String(cursor) }),
  }
}

/** What stands around all screens. */
export const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

function NotFound() {
  const words = useWords()
  return (
    <Screen title={words.notFound}>
      <p>
        <Link to="/">{words.toNow}</Link>
      </p>
    </Screen>
  )
}
