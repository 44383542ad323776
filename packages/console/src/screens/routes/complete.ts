import type { AnswerOf } from 'orchestrajs/client'

export type Completion = AnswerOf<'GET /models/{model}/fields'>

export interface Suggestion {
  /** What is written instead of what stands before the caret. */
  text: string
  /** What is known of it. */
  about: string
}

/** How many are offered at once. */
const MOST = 8

/** The letters before the caret that a suggestion takes the place of. */
export function wordBefore(text: string, caret: number): string {
  return /(?:"[^"]*|[\w.]*)$/.exec(text.slice(0, caret))?.[0] ?? ''
}

/** What can follow at the caret: fields of the model and of the server, and behind a comparison the values that a field may have. */
export function suggestionsAt(text: string, caret: number, known: Completion): Suggestion[] {
  const word = wordBefore(text, caret)
  const before = text.slice(0, caret - word.length)
  const [, compared] = /([\w.]+)\s*[!=]=\s*$/.exec(before) ?? []
  const field = known.fields.find(({ path }) => path === compared)
  const offered =
    field?.values == null
      ? known.fields.map(({ path, type, nullable }) => ({
          text: path,
          about: nullable ? `${type}, null` : type,
        }))
      : field.values.map((value) => ({ text: JSON.stringify(value), about: field.path }))
  const start = word.toLowerCase()
  return offered.filter((one) => one.text.toLowerCase().startsWith(start) && one.text !== word).slice(0, MOST)
}

/** The text with a suggestion in it, and where the caret is then. */
export function completed(
  text: string,
  caret: number,
  { text: chosen }: Suggestion,
): { text: string; caret: number } {
  const from = caret - wordBefore(text, caret).length
  return { text: text.slice(0, from) + chosen + text.slice(caret), caret: from + chosen.length }
}
