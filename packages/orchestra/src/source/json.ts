import { exactNumber, wholeNumber } from './decimal.ts'

/** Sixteen digits in a row, or an exponent: only then can a double lose one. */
const MAY_LOSE = /[\d.]{16}|\de/i

/** What the types do not know of yet: the text that a value was read from. */
interface Origin {
  source?: string
}

/**
 * JSON without losing a digit: a whole number beyond what a double counts exactly becomes a bigint, a fraction that a double cannot
 * hold stays its text.
 */
export function parseExactJson(text: string): unknown {
  if (!MAY_LOSE.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_name, value: unknown, ...[origin]: Origin[]) =>
    typeof value === 'number' && origin?.source !== undefined ? exactValue(value, origin.source) : value,
  )
}

function exactValue(value: number, source: string): unknown {
  if (Number.isSafeInteger(value) && wholeNumber(source) === BigInt(value)) return value
  return wholeNumber(source) ?? exactNumber(source) ?? source
}

/** What `JSON.rawJSON` makes is written as it is; the types do not know of it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** JSON in which whole numbers of any size are written with all their digits. */
export function toExactJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'bigint' ? rawJSON(String(inner)) : inner,
  )
}
