import { OrchestraError } from '../errors.ts'
import type { Key } from './model.ts'

/**
 * The text of one part of a key. A number beyond 2^53 may be another one by now than it was written as.
 * @throws OrchestraError ORC_USAGE
 */
export function keyPart(part: unknown): string {
  if (typeof part !== 'number' || Math.abs(part) <= Number.MAX_SAFE_INTEGER) return String(part)
  throw new OrchestraError('ORC_USAGE', `The key ${part} is a number that may have lost digits`, {
    hint: 'Give keys beyond 2^53 as text or as a bigint',
  })
}

/** One text for a key, its parts joined by commas: `12`, `3,7`; commas and backslashes inside a part are escaped. */
export function formatKey(key: Key): string {
  const [only = ''] = key
  return key.length === 1 ? escapePart(only) : key.map(escapePart).join(',')
}

/** Asked some times for every object: a test is a quarter of what a replacement costs that finds nothing. */
function escapePart(part: string): string {
  return /[\\,]/.test(part) ? part.replace(/[\\,]/g, '\\$&') : part
}

/** The inverse of `formatKey`. */
export function parseKey(text: string): Key {
  const parts: string[] = ['']
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (character === ',') parts.push('')
    else parts[parts.length - 1] += character === '\\' ? (text[++at] ?? '\\') : character
  }
  return parts
}

/** What people call an object: `site:12`. */
export function formatObject(model: string, key: Key): string {
  return `${model}:${formatKey(key)}`
}

/** The inverse of `formatObject`; undefined when the text has no model. */
export function parseObject(text: string): { model: string; key: Key } | undefined {
  const colon = text.indexOf(':')
  if (colon < 1) return undefined
  return { model: text.slice(0, colon), key: parseKey(text.slice(colon + 1)) }
}
