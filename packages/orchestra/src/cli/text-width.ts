import { stripVTControlCharacters } from 'node:util'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Characters that take two columns of a terminal. */
const wide =
  /^(?:\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|.\u{fe0f})/u
const noWidth = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u
const onlyAscii = /^[\x20-\x7e]*$/

/** Columns that a text takes in a terminal; colours take none. */
export function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text)
  if (onlyAscii.test(plain)) return plain.length
  let width = 0
  for (const { segment } of graphemes.segment(plain)) width += graphemeWidth(segment)
  return width
}

function graphemeWidth(grapheme: string): number {
  if (noWidth.test(grapheme)) return 0
  return wide.test(grapheme) ? 2 : 1
}

/** A text without colours, cut to a width; what was cut shows as `…`. */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  let used = 1
  for (const { segment } of graphemes.segment(text)) {
    used += graphemeWidth(segment)
    if (used > width) break
    kept += segment
  }
  return `${kept}…`
}

/** Names of the control characters that people know. */
const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * What a terminal acts on, or what makes a text look like another: control characters of both kinds, marks of direction, what has no
 * width, separators of lines, tags, halves of pairs.
 */
const deceiving = new RegExp(
  [
    '[\\p{Cc}\\p{Cs}\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f]',
    '[\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\u{e0000}-\\u{e0fff}]',
    // Joiners belong to emoji and to some scripts; behind Latin letters they only hide.
    '(?<![^\\0-\\u02ff])[\\u200c\\u200d]',
  ].join('|'),
  'gu',
)

/** One line that no terminal acts on: what names and errors may hold of that kind is written out. */
export function oneLine(text: string): string {
  return onlyAscii.test(text) ? text : text.replace(deceiving, writtenOut)
}

/** Several lines that no terminal acts on. */
export function manyLines(text: string): string {
  return linesOf(text).map(keepTabs).join('\n')
}

/** The lines of a text that is meant to have several. */
export function linesOf(text: string): string[] {
  return text.split(/\r?\n/)
}

/** `oneLine`, for a line that may be indented by tabs. */
export function keepTabs(line: string): string {
  return line.split('\t').map(oneLine).join('\t')
}

/** JSON in which nothing stands as it is that a terminal acts on: the same value for programs. */
export function jsonText(value: unknown, indent?: number): string {
  return harmlessJson(JSON.stringify(value, plainNumbers, indent))
}

/** The same for JSON that is written already. */
export function harmlessJson(text: string): string {
  return text.replace(deceiving, (character) => (character === '\n' ? character : escapedUnits(character)))
}

function plainNumbers(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

function escapedUnits(character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join(
    '',
  )
}

function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code > 0xffff) return `\\u{${hex(code, 5)}}`
  return escapes[character] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`)
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
