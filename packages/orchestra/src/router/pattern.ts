import { RE2JS } from 're2js'

/** Longer ones may come from a field of an object, and are none that somebody has written. */
const LONGEST_PATTERN = 1_000
const MOST_KEPT = 100

const kept = new Map<string, RE2JS>()

/**
 * A regular expression that is matched in linear time, whatever the text: RE2's, as CEL has them, in the words that JavaScript shares.
 * @throws Error for one that is none, is too long, or looks around or back, which no linear engine can
 */
export function patternOf(text: string): RE2JS {
  const known = kept.get(text)
  if (known !== undefined) return known
  if (text.length > LONGEST_PATTERN) throw new Error(`a pattern has at most ${LONGEST_PATTERN} characters`)
  const pattern = RE2JS.compile(RE2JS.translateRegExp(text))
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value ?? '')
  kept.set(text, pattern)
  return pattern
}
