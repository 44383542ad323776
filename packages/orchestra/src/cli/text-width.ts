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

/** One line that no terminal acts on: control characters, which names and errors may hold, are written out. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, writtenOut)
}

/** Several lines that no terminal acts on. */
export function manyLines(text: string): string {
  return text.replaceAll('\r\n', '\n').split('\n').map(keepTabs).join('\n')
}

function keepTabs(line: string): string {
  return line.split('\t').map(oneLine).join('\t')
}

function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return escapes[character] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`)
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
