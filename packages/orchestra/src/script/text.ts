import { checkPlain, join, plain, type Rendered, renderText, type TextValue } from './rendered.ts'

/** What may stand inside `text`: anything with one text, and arrays of it, which are joined. */
export type TextPart = TextValue | readonly TextPart[]

/**
 * The content of a file with secrets in it: they reach the server as they are and show as their names
 * everywhere else. Arrays are joined without a separator.
 *
 * @example text`user = ${db.user}\npassword = ${db.password}\n`
 */
export function text(parts: TemplateStringsArray, ...values: readonly TextPart[]): Rendered {
  const pieces: Rendered[] = []
  parts.forEach((part, index) => {
    pieces.push(plain(checkPlain(part, 'text`...`')))
    if (index < values.length) pieces.push(renderPart(values[index], `value ${index + 1} of text\`...\``))
  })
  return join(pieces)
}

/** Joins pieces of text, secrets included. */
export function joinText(parts: readonly TextPart[], separator = ''): Rendered {
  return join(
    parts.map((part, index) => renderPart(part, `part ${index + 1} of joinText`)),
    separator,
  )
}

function renderPart(value: unknown, what: string): Rendered {
  if (Array.isArray(value)) return join(value.map((element) => renderPart(element, what)))
  return renderText(value, what)
}
