import type { RawObject } from './fixture.ts'

/** What a text that got out of its quotes makes: a file of this name, wherever it happens to run. */
export const escapedName = 'orchestra-escaped'

/** Texts made to get out of wherever they stand. */
export const hostileTexts: readonly string[] = [
  '',
  `'; touch ${escapedName}; '`,
  `"; touch ${escapedName}; "`,
  `$(touch ${escapedName})`,
  `\`touch ${escapedName}\``,
  `x\ntouch ${escapedName}\n`,
  `x; touch ${escapedName} #`,
  `x | touch ${escapedName} & `,
  `{touch,${escapedName}}`,
  '-rf',
  '--',
  '../up',
  '* ~ ?[a]{b,c} $HOME $' + '{IFS} !! \\ % %s \\n',
  ' both ends \t',
  '\r\n',
  '\x1eorchestra: \x1b[31m',
  'é 日本 😀 \u0301 \u2028 \ufeff',
  'a'.repeat(4096),
  'nothing\0more',
]

/** A text inside of an object: the names of fields and numbers of elements that lead to it. */
export type TextPath = readonly (string | number)[]

/** Where an object holds text. Pure. */
export function textPathsOf(value: unknown, path: TextPath = []): TextPath[] {
  if (typeof value === 'string') return [path]
  if (Array.isArray(value)) return value.flatMap((element, index) => textPathsOf(element, [...path, index]))
  if (!isPlain(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => textPathsOf(inner, [...path, name]))
}

/** The object with other text at these places. Pure. */
export function withText(object: RawObject, paths: readonly TextPath[], text: string): RawObject {
  return paths.reduce<unknown>((changed, path) => replaced(changed, path, text), object) as RawObject
}

function replaced(value: unknown, [first, ...rest]: TextPath, text: string): unknown {
  if (first === undefined) return text
  if (Array.isArray(value))
    return value.map((element, index) => (index === first ? replaced(element, rest, text) : element))
  const fields = value as Record<string, unknown>
  return { ...fields, [first]: replaced(fields[first], rest, text) }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
