import type { Claim, Standing } from '../script/index.ts'
import { ask, type Inspected } from './ask.ts'
import type { Unanswered } from './examine.ts'

/** Things that are looked for in one script. */
const MOST_ASKED = 500

/**
 * Which of these are there, ours or not: by the identities that the backend's list has named, by its `exists`, and by the paths and
 * things that they claim. Directories that others may share tell nothing.
 */
export async function presentOf(
  inspected: Inspected,
  standings: readonly Standing[],
  listed: ReadonlySet<string>,
): Promise<boolean[] | Unanswered> {
  const present: boolean[] = []
  for (let at = 0; at < standings.length; at += MOST_ASKED) {
    const some = await somePresent(inspected, standings.slice(at, at + MOST_ASKED), listed)
    if ('kind' in some) return some
    present.push(...some)
  }
  return present
}

async function somePresent(
  inspected: Inspected,
  standings: readonly Standing[],
  listed: ReadonlySet<string>,
): Promise<boolean[] | Unanswered> {
  const asked = standings.map(questionsOf)
  const reply = await ask(inspected, {
    places: asked.flatMap(({ paths }) => paths),
    runs: asked.flatMap(({ commands }) => commands.map((unless) => ({ unless, onlyIf: null }))),
  })
  if (reply.kind !== 'answered') return reply
  const { places, runs } = reply.answers
  let run = 0
  return standings.map(({ identity }, index) => {
    const { paths, commands } = asked[index] ?? { paths: [], commands: [] }
    const first = run
    run += commands.length
    const succeeds = commands.some((_, offset) => runs.get(first + offset) === 'stays')
    return (identity !== null && listed.has(identity)) || succeeds || paths.some((path) => places.has(path))
  })
}

function questionsOf({ exists, claims }: Standing) {
  const own = claims.flatMap((claim) => (isItsOwn(claim) ? [claim.exists] : []))
  return {
    paths: claims.flatMap((claim) => (claim.kind === 'path' ? [claim.path] : [])),
    commands: exists === null ? own : [exists, ...own],
  }
}

function isItsOwn(claim: Claim): claim is Extract<Claim, { kind: 'thing' }> {
  return claim.kind === 'thing' && !claim.shared
}
