import { OrchestraError } from '../errors.ts'
import { Rendered } from './rendered.ts'
import type { Step } from './steps.ts'

/** Characters that one operation may take in a script. */
export const MOST_OF_ONE = 64 * 1024 * 1024
/** Characters that all operations of a script may take together; no text can have more than twice as many. */
const MOST_OF_ALL = 256 * 1024 * 1024

/** Characters that these steps take in a script, quoted as they are there. */
export function sizeOf(steps: readonly Step[]): number {
  return steps.reduce((size, step) => size + sizeOfValues(step), 0)
}

function sizeOfValues(owner: object): number {
  return Object.values(owner).reduce((size: number, value: unknown) => {
    if (value instanceof Rendered) return size + quotedSize(value.reveal())
    if (typeof value === 'string') return size + quotedSize(value)
    return value !== null && typeof value === 'object' && 'exists' in value
      ? size + sizeOfValues(value)
      : size
  }, 0)
}

/** Each quote and each backslash takes two. */
function quotedSize(text: string): number {
  return text.length + countOf(text, "'") + countOf(text, '\\')
}

function countOf(text: string, character: string): number {
  let count = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++
  return count
}

/** Why one operation is too large for any script; null where it is not. */
export function sizeProblem(what: string, steps: readonly Step[]): OrchestraError | null {
  const size = sizeOf(steps)
  if (size <= MOST_OF_ONE) return null
  return new OrchestraError(
    'ORC_SCRIPT_TOO_LARGE',
    `${what}: the steps take ${Math.ceil(size / 1024 / 1024)} MB in a script, quotes included; ${MOST_OF_ONE / 1024 / 1024} MB is the most`,
    { hint: "Bound the field in the model's schema, or let the server fetch what is so large" },
  )
}

/** How many of these, from the first on, fit together; at least one. Pure. */
export function fitting(sizes: readonly number[], most = MOST_OF_ALL): number {
  let all = 0
  const end = sizes.findIndex((size) => {
    all += size
    return all > most
  })
  return end < 0 ? sizes.length : Math.max(1, end)
}
