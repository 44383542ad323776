import { createHash } from 'node:crypto'
import type { Difference } from './judge.ts'

/** A finding, as far as it tells what was done to it. */
export interface Caused {
  backend: string
  state: string
  /** The key as text; null where no object stands for it. */
  objectKey: string | null
  identity: string
  differences: readonly Difference[]
}

/** Digits of a cause: as many as a person can copy, and more than findings could ever share by chance. */
const DIGITS = 16

/**
 * What tells findings apart that were not made by the same hand: the backend, and what differs where, without the names of the object
 * and without where in a file it stands. The same change to a thousand objects has one cause. Pure.
 */
export function causeOf({ backend, state, objectKey, identity, differences }: Caused): string {
  const nameless = namelessBy([identity, ...(objectKey === null ? [] : [objectKey])])
  const parts = differences.map(({ title, kind, reason, diff }) => [
    nameless.path(title),
    kind,
    reason === undefined ? null : nameless.text(reason),
    diff === undefined ? null : nameless.text(changedLines(diff)),
  ])
  const told = JSON.stringify([backend, state, parts])
  return createHash('sha256').update(told).digest('hex').slice(0, DIGITS)
}

/** Shorter ones stand in texts for something else too. */
const SHORTEST_IN_TEXT = 3

function namelessBy(names: readonly string[]): Record<'path' | 'text', (text: string) => string> {
  const longestFirst = [...new Set(names)].toSorted((one, other) => other.length - one.length)
  const long = longestFirst.filter((name) => name.length >= SHORTEST_IN_TEXT)
  return { path: replacing(longestFirst), text: replacing(long) }
}

/** As whole words alone: `shop` is no part of `workshop`. */
function replacing(names: readonly string[]): (text: string) => string {
  const patterns = names
    .filter((name) => name !== '')
    .map((name) => new RegExp(`(?<![\\p{L}\\p{N}])${escaped(name)}(?![\\p{L}\\p{N}])`, 'gu'))
  return (text) => patterns.reduce((rest, pattern) => rest.replace(pattern, '*'), text)
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

/** Lines that are there and should not be, and that should be and are not; without the header, whose lines begin alike. */
function changedLines(diff: string): string {
  const [, ...hunks] = diff.split(/^@@ .*$/m)
  const lines = hunks.flatMap((hunk) => hunk.split('\n'))
  return lines.filter((line) => /^[-+]/.test(line)).join('\n')
}
