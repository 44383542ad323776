import { createTwoFilesPatch, OMIT_HEADERS } from 'diff'
import type { Description } from '../script/index.ts'

/** How one part of what is rendered for an object differs from what was applied last. */
export interface PlannedDifference {
  /** `file /etc/nginx/sites/a.org.conf` */
  title: string
  /** A unified diff, secrets by name; null where it is not known what was applied. */
  diff: string | null
}

const CONTEXT_LINES = 3
/** Edits after which two texts are told to be different without saying in what. */
const MOST_EDITS = 2_000

/** Compares two renderings part by part. @param before null where it was not kept */
export function diffRendered(
  before: readonly Description[] | null,
  after: readonly Description[],
): PlannedDifference[] {
  if (before === null) return after.map(([title]) => ({ title, diff: null }))
  const old = numbered(before)
  const fresh = numbered(after)
  const titles = new Set([...fresh.keys(), ...old.keys()])
  return [...titles].flatMap((name) => {
    const [one, other] = [old.get(name), fresh.get(name)]
    if (one?.[1] === other?.[1]) return []
    const title = other?.[0] ?? one?.[0] ?? name
    return [{ title, diff: unified(title, one?.[1], other?.[1]) }]
  })
}

/** Several parts may have one title, as commands do: the first goes with the first. */
function numbered(parts: readonly Description[]): Map<string, Description> {
  const seen = new Map<string, number>()
  return new Map(
    parts.map((part) => {
      const count = (seen.get(part[0]) ?? 0) + 1
      seen.set(part[0], count)
      return [`${part[0]} ${count}`, part]
    }),
  )
}

/** Whether its last line is ended matters in a file only. */
function linesOf(title: string, text = ''): string {
  return title.startsWith('file ') || text === '' || text.endsWith('\n') ? text : `${text}\n`
}

function unified(title: string, before: string | undefined, after: string | undefined): string {
  const from = before === undefined ? 'nothing' : title
  const to = after === undefined ? 'nothing' : title
  const patch = createTwoFilesPatch(
    from,
    to,
    linesOf(title, before),
    linesOf(title, after),
    undefined,
    undefined,
    {
      context: CONTEXT_LINES,
      maxEditLength: MOST_EDITS,
      headerOptions: OMIT_HEADERS,
    },
  )
  // What was written without its content, as a directory is, has no lines to show.
  return patch ?? 'they differ in more lines than are shown here\n'
}
