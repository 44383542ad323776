import type { z } from 'zod'
import { OrchestraError } from '../errors.ts'

/** Faults that one error names. */
const MOST_NAMED = 3

/** What was given to a verb is not what it takes. */
export class InputFault extends OrchestraError {
  /** What is wrong, by the way to the field that it is in. */
  readonly faults: readonly { path: readonly string[]; detail: string }[]

  constructor(name: string, issues: readonly z.core.$ZodIssue[]) {
    super('ORC_INPUT_INVALID', `${name}: ${issues.map(faultText).join('; ')}`, {
      hint: 'docs/reference.md tells under Operations what each takes; a name is a line of at most 253 characters',
    })
    this.faults = issues.map((issue) => ({ path: issue.path.map(String), detail: what(issue) }))
  }
}

/**
 * What was given to a verb, as it takes it. Nothing of what is refused is repeated: it may be long, or hostile.
 * @throws InputFault
 */
export function checkInput<Schema extends z.ZodType>(
  { name, input }: { name: string; input: Schema },
  given: unknown,
): z.output<Schema> {
  const checked = input.safeParse(given)
  if (checked.success) return checked.data
  throw new InputFault(name, checked.error.issues.slice(0, MOST_NAMED))
}

/** The fault alone, for whoever tells its place otherwise. */
export { what as faultIn }

function faultText(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join('.').slice(0, 100)
  return where === '' ? what(issue) : `\`${where}\` ${what(issue)}`
}

function what(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_big':
      return `is more than ${issue.maximum}${unitOf(issue.origin)}`
    case 'too_small':
      return issue.origin === 'string' ? 'is empty' : `is less than ${issue.minimum}${unitOf(issue.origin)}`
    case 'invalid_type':
      return `is not ${kinds[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `is none of ${issue.values.map(String).join(', ')}`
    case 'unrecognized_keys':
      return `takes no ${issue.keys
        .map((key) => JSON.stringify(key.slice(0, 50)))
        .slice(0, MOST_NAMED)
        .join(', ')}`
    case 'custom':
      return issue.message
    default:
      return 'has the wrong form'
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with named fields',
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters'
  return origin === 'array' ? ' items' : ''
}
