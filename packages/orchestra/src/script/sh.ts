import { checkPlain, join, plain, type Rendered, renderText, type TextValue } from './rendered.ts'

/** A shell command as a value: quoted once, at the place where it is written, with a real and a masked rendering. */
export class Command {
  readonly rendered: Rendered

  constructor(rendered: Rendered) {
    this.rendered = rendered
  }

  toString(): string {
    return this.rendered.masked
  }

  toJSON(): string {
    return this.rendered.masked
  }
}

/** Shell text that is taken as it is. */
class RawText {
  readonly rendered: Rendered

  constructor(rendered: Rendered) {
    this.rendered = rendered
  }
}

/** What may stand inside `sh`: one word, several words (an array), a command, or text taken as it is. */
export type ShellValue = Exclude<TextValue, Rendered> | Command | RawText | readonly ShellValue[]

/**
 * A shell command. Every value is quoted, an array becomes words, a command is embedded as it is. Backslashes are
 * the shell's: `\n` stays two characters. Only before a backtick or `${` do they belong to the template.
 *
 * @example sh`chown ${site.user} ${files}`
 */
export function sh(parts: TemplateStringsArray, ...values: readonly ShellValue[]): Command {
  const pieces: Rendered[] = []
  parts.raw.forEach((part, index) => {
    pieces.push(plain(checkPlain(part.replace(/\\(?=`|\$\{)/g, ''), 'sh`...`')))
    if (index < values.length)
      pieces.push(renderShellValue(values[index], `value ${index + 1} of sh\`${parts.join('…')}\``))
  })
  return new Command(join(pieces))
}

/** Puts text into a command without quoting: the only way around it, and easy to search for. Never for data. */
export function raw(text: string): RawText {
  return new RawText(renderText(text, 'raw()'))
}

function renderShellValue(value: unknown, what: string): Rendered {
  if (value instanceof Command) return value.rendered
  if (value instanceof RawText) return value.rendered
  if (Array.isArray(value)) {
    return join(
      value.map((element, index) => renderShellValue(element, `element ${index + 1} of ${what}`)),
      ' ',
    )
  }
  return renderText(value, what).map(quote)
}

/** One shell word that means exactly `text`. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * One argument of the prelude's functions that means exactly `text`, as short as it can be: commands hold
 * quotes of their own and are read by people in logs.
 */
export function quoteArgument(text: string): string {
  if (/^[\w@%+:,./-]+$/.test(text)) return text
  if (!text.includes("'")) return `'${text}'`
  return `$'${text.replace(/[\\']/g, '\\$&')}'`
}
