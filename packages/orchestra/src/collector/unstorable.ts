import { Secret } from '../secrets/secret.ts'
import { storable } from '../store/index.ts'

/**
 * What the database cannot keep of an object, with its path; undefined when it can keep it all. One such value would fail
 * everything that is written together with it.
 */
export function findUnstorable(value: unknown, path = ''): string | undefined {
  if (typeof value === 'string')
    return storable(value) === value ? undefined : `${nameOf(path)} ${BROKEN_TEXT}`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? `${nameOf(path)} is no date` : undefined
  if (typeof value !== 'object' || value === null || value instanceof Secret || value instanceof Uint8Array)
    return undefined
  for (const [name, inner] of partsOf(value)) {
    if (storable(name) !== name) return `a name in ${nameOf(path)} ${BROKEN_TEXT}`
    const problem = findUnstorable(inner, path === '' ? name : `${path}.${name}`)
    if (problem !== undefined) return problem
  }
  return undefined
}

const BROKEN_TEXT = 'contains a NUL character or half of a UTF-16 character pair'

function partsOf(value: object): Iterable<[string, unknown]> {
  if (value instanceof Map || value instanceof Set) return Object.entries([...value])
  return Object.entries(value)
}

function nameOf(path: string): string {
  return path === '' ? 'the object' : path
}
