import { OrchestraError } from '../errors.ts'

/** A pointer into JSON (RFC 6901) that leads somewhere below the top. */
export const pointerForm = /^(\/([^~/]|~[01])*)+$/

/** What stands where a pointer leads to; undefined where nothing is. Only what the document itself has is looked at. */
export function pointedAt(document: unknown, pointer: string): unknown {
  const steps = pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  return steps.reduce(below, document)
}

function below(value: unknown, step: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  // The length of a list is nothing that it holds.
  if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(step)) return undefined
  return (value as Readonly<Record<string, unknown>>)[step]
}

/**
 * A name or a part of a key that somebody else wrote. A number beyond 2^53 may have been another one.
 * @throws OrchestraError ORC_HOOK_BODY
 */
export function textAt(document: unknown, pointer: string): string {
  const value = pointedAt(document, pointer)
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  const found = value === undefined ? 'Nothing' : 'What is no text and no whole number below 2^53'
  throw new OrchestraError('ORC_HOOK_BODY', `${found} stands at ${pointer}`, {
    hint: 'Add the hook with pointers to where the sender writes it',
  })
}
