import type { Model } from '../config/model.ts'
import { createLanguage } from './language.ts'
import { compileIn, prepare } from './match.ts'

/** An object as backends receive it, with its canonical name: `site:12`. */
export interface NamedObject {
  name: string
  object: unknown
}

/** What an expression does to real objects. */
export interface Trial {
  tried: number
  matched: number
  /** Names of the first objects that match, and that do not. */
  matching: string[]
  others: string[]
  errors: { name: string; reason: string }[]
  /** Whether it depends on the server too, and objects alone do not tell. */
  asksServer: boolean
}

const mostTried = 100
const mostShown = 5

/**
 * Tries a match expression on real objects before it becomes a route.
 * @param loadObjects answers at most so many objects
 * @throws OrchestraError ORC_ROUTE_INVALID
 */
export async function tryRoute(
  model: Model,
  text: string,
  loadObjects: (limit: number) => Promise<readonly NamedObject[]>,
): Promise<Trial> {
  const language = createLanguage(model)
  const match = compileIn(language, text)
  if (match.readsServer)
    return { tried: 0, matched: 0, matching: [], others: [], errors: [], asksServer: true }
  const objects = (await loadObjects(mostTried)).slice(0, mostTried)
  const verdicts = objects.map(({ name, object }) => ({
    name,
    verdict: match.test(prepare(language, object)),
  }))
  const namesOf = (wanted: string) =>
    verdicts.filter(({ verdict }) => verdict === wanted).map(({ name }) => name)
  const matching = namesOf('matched')
  return {
    tried: verdicts.length,
    matched: matching.length,
    matching: matching.slice(0, mostShown),
    others: namesOf('not-matched').slice(0, mostShown),
    errors: verdicts.flatMap(({ name, verdict }) =>
      typeof verdict === 'string' ? [] : [{ name, reason: verdict.error }],
    ),
    asksServer: false,
  }
}
