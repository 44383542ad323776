import type { z } from 'zod'
import { messageOf } from '../errors.ts'
import type { Secret } from '../secrets/secret.ts'
import { exactNumber, isDecimal, wholeNumber } from '../source/index.ts'
import { findCoerced } from './coerced.ts'
import { quotesPartOf } from './quotes.ts'

/** An object as its loader or row gives it. */
export interface Raw {
  value: unknown
  /** Fields that are columns of numbers: a schema may want them in other words than they come in. */
  numbers: ReadonlySet<string>
  /** What must not be quoted when it does not fit. */
  secrets?: readonly Secret[]
}

export type Fitted = { success: true; data: unknown } | { success: false; reason: string }

type Path = readonly PropertyKey[]
type Issue = z.core.$ZodIssue

/** What a schema wants instead of what it found. */
interface Wish {
  path: Path
  expected: string
  /** Values of which it must be one. */
  values: readonly unknown[]
}

/** Numbers in the words of a schema, or why one has none. */
type Change = { kind: 'value'; value: unknown } | { kind: 'inexact'; reason: string } | { kind: 'none' }

/**
 * Checks by a schema. Numbers that it wants in another word (a bigint where a number came) are put into that word, if that loses no
 * digit.
 */
export function fit(schema: z.ZodType, raw: Raw): Fitted {
  const tried = new Set<string>()
  const refused: string[] = []
  let value = raw.value
  for (;;) {
    const result = schema.safeParse(value)
    if (result.success) return withoutLoss(schema, raw.value, result.data)
    const fresh = result.error.issues
      .flatMap((issue) => wishesOf(issue))
      .filter((wish) => isFresh(wish, tried))
    const changes = fresh.map((wish) => ({ path: wish.path, change: changeFor(wish, raw) }))
    refused.push(...changes.flatMap(({ change }) => (change.kind === 'inexact' ? [change.reason] : [])))
    const able = changes.filter(({ change }) => change.kind === 'value')
    if (able.length === 0)
      return { success: false, reason: reasonOf(result.error.issues, refused, raw.secrets ?? []) }
    value = able.reduce(
      (all, { path, change }) => (change.kind === 'value' ? withValue(all, path, change.value) : all),
      value,
    )
  }
}

function isFresh({ path, expected, values }: Wish, tried: Set<string>): boolean {
  const name = [...path, expected, ...values].map(String).join('\0')
  if (tried.has(name)) return false
  tried.add(name)
  return true
}

/** A union says for each of its kinds what that would want. */
function wishesOf(issue: Issue, above: Path = []): Wish[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'invalid_type') return [{ path, expected: issue.expected, values: [] }]
  if (issue.code === 'invalid_value')
    return issue.values.map((one) => ({ path, expected: typeof one, values: issue.values }))
  if (issue.code !== 'invalid_union') return []
  return issue.errors.flatMap((errors) => errors.flatMap((inner) => wishesOf(inner, path)))
}

function changeFor({ path, expected, values }: Wish, raw: Raw): Change {
  const leaf = valueAt(raw.value, path)
  const isColumn = raw.numbers.has(String(path[0]))
  const change = changed(leaf, expected, isColumn, path)
  if (change.kind !== 'value' || values.length === 0 || values.includes(change.value)) return change
  return { kind: 'none' }
}

function changed(leaf: unknown, expected: string, isColumn: boolean, path: Path): Change {
  const text = textOf(leaf, isColumn)
  if (text === undefined) return { kind: 'none' }
  if (expected === 'number' || expected === 'int') {
    const number = typeof leaf === 'number' ? leaf : exactNumber(text)
    if (number === undefined) return { kind: 'inexact', reason: inexact(path, text) }
    return typeof leaf === 'string' && !isColumn ? { kind: 'none' } : { kind: 'value', value: number }
  }
  if (expected === 'bigint') {
    const whole = typeof leaf === 'number' && !Number.isSafeInteger(leaf) ? undefined : wholeNumber(text)
    if (typeof leaf === 'string' && !isColumn) return { kind: 'none' }
    return whole === undefined
      ? { kind: 'inexact', reason: fraction(path, text) }
      : { kind: 'value', value: whole }
  }
  const isText = expected === 'string' && (isColumn || typeof leaf === 'bigint')
  return isText ? { kind: 'value', value: text } : { kind: 'none' }
}

/** The digits of a number in whatever word it came; undefined of anything else. */
function textOf(leaf: unknown, isColumn: boolean): string | undefined {
  if (typeof leaf === 'bigint' || typeof leaf === 'number') return String(leaf)
  if (typeof leaf !== 'string' || !isDecimal(leaf)) return undefined
  // Other text that looks like a number is told of only where it holds more than a number could.
  return isColumn || exactNumber(leaf) === undefined ? leaf : undefined
}

function inexact(path: Path, text: string): string {
  const instead = wholeNumber(text) === undefined ? 'z.string()' : 'z.bigint() or z.string()'
  return `${path.map(String).join('.')}: ${text} has more digits than a number holds; use ${instead}`
}

function fraction(path: Path, text: string): string {
  return `${path.map(String).join('.')}: ${text} is no whole number; use z.number() or z.string()`
}

/** What was refused says more than that a number was expected. */
function reasonOf(issues: readonly Issue[], refused: readonly string[], secrets: readonly Secret[]): string {
  const others = issues.filter(
    (issue) => !refused.some((reason) => reason.startsWith(`${issue.path.map(String).join('.')}: `)),
  )
  return [
    ...refused,
    ...others.map((issue) => `${issue.path.map(String).join('.') || '(object)'}: ${saying(issue, secrets)}`),
  ].join('; ')
}

/** A schema's own message may quote a value, or what it has made of one. */
function saying(issue: Issue, secrets: readonly Secret[]): string {
  const isQuoted = secrets.some((secret) => quotesPartOf(issue.message, secret.reveal()))
  return isQuoted ? `${issue.code} (its message quotes a part of a secret)` : issue.message
}

/** `z.coerce.number()` takes everything, and would drop digits without a word. */
function withoutLoss(schema: z.ZodType, value: unknown, data: unknown): Fitted {
  const lost = findCoerced(schema, value)
  return lost === undefined
    ? { success: true, data }
    : { success: false, reason: inexact(lost.path, lost.text) }
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, name) => (inner === null || inner === undefined ? undefined : Reflect.get(Object(inner), name)),
    value,
  )
}

/** A copy of what leads there: a loader's own objects stay as they are. */
function withValue(value: unknown, path: Path, leaf: unknown): unknown {
  const [name, ...rest] = path
  if (name === undefined) return leaf
  const copy: unknown = Array.isArray(value) ? [...value] : { ...Object(value) }
  const inner = withValue(Reflect.get(Object(copy), name), rest, leaf)
  Object.defineProperty(copy, name, { value: inner, enumerable: true, writable: true, configurable: true })
  return copy
}

/** What a schema's own code throws, on one object of many, is a reason too. */
export function fitSafely(schema: z.ZodType, raw: Raw): Fitted {
  try {
    return fit(schema, raw)
  } catch (error) {
    return { success: false, reason: messageOf(error) }
  }
}
