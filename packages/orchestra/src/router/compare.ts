import type { Model } from '../config/model.ts'
import { MatchFault, positionOf } from './invalid.ts'
import { createLanguage } from './language.ts'
import { compileIn, type Match, type MatchAnswer, prepare } from './match.ts'
import type { NamedObject } from './try.ts'

/** What is wrong with an expression, and where: characters of it, from `start` up to `end`. */
export interface MatchProblem {
  start: number
  end: number
  line: number
  column: number
  reason: string
  hint: string | null
}

/** Some objects, and how many they are. */
export interface Some {
  count: number
  samples: string[]
}

/** What an expression says of some objects beside what another one says. */
export interface MatchComparison {
  /** Why it cannot be a route; empty when it can. */
  problems: MatchProblem[]
  /** Objects that were looked at. */
  tried: number
  matching: Some
  /** Those that it matches and the other does not, and the other way round. */
  gained: Some
  lost: Some
  errors: { name: string; reason: string }[]
  /** Whether it depends on the server too, and objects alone do not tell. */
  asksServer: boolean
}

const MOST_SAMPLES = 10

/**
 * Compares two expressions on real objects while somebody writes the one: what is wrong with it is told and not thrown.
 * @param before null where there was none, and nothing matched
 */
export async function compareMatches(
  model: Model,
  { text, before }: { text: string; before: string | null },
  loadObjects: () => Promise<readonly NamedObject[]>,
): Promise<MatchComparison> {
  const language = createLanguage(model)
  try {
    const match = compileIn(language, text)
    const other = before === null ? null : compiledOrNull(() => compileIn(language, before))
    if (match.readsServer || other?.readsServer === true) return { ...nothing, asksServer: true }
    const verdicts = (await loadObjects()).map(({ name, object }) => {
      const prepared = prepare(language, object)
      return { name, now: match.test(prepared), earlier: other?.test(prepared) ?? 'not-matched' }
    })
    return compared(verdicts)
  } catch (error) {
    if (!(error instanceof MatchFault)) throw error
    return { ...nothing, problems: [problemOf(text, error)] }
  }
}

const none: Some = { count: 0, samples: [] }
const nothing: MatchComparison = {
  problems: [],
  tried: 0,
  matching: none,
  gained: none,
  lost: none,
  errors: [],
  asksServer: false,
}

/** What a route has that its model has outgrown matches nothing. */
function compiledOrNull(compile: () => Match): Match | null {
  try {
    return compile()
  } catch (error) {
    if (error instanceof MatchFault) return null
    throw error
  }
}

interface Decision {
  name: string
  now: MatchAnswer
  earlier: MatchAnswer
}

function compared(verdicts: readonly Decision[]): MatchComparison {
  const some = (fits: (verdict: Decision) => boolean): Some => {
    const names = verdicts.filter(fits).map(({ name }) => name)
    return { count: names.length, samples: names.slice(0, MOST_SAMPLES) }
  }
  return {
    ...nothing,
    tried: verdicts.length,
    matching: some(({ now }) => now === 'matched'),
    gained: some(({ now, earlier }) => now === 'matched' && earlier !== 'matched'),
    lost: some(({ now, earlier }) => now !== 'matched' && earlier === 'matched'),
    errors: verdicts
      .flatMap(({ name, now }) => (typeof now === 'string' ? [] : [{ name, reason: now.error }]))
      .slice(0, MOST_SAMPLES),
  }
}

function problemOf(text: string, { range, reason, hint }: MatchFault): MatchProblem {
  return { ...range, ...positionOf(text, range.start), reason, hint: hint ?? null }
}
