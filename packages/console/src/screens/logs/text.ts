import Anser from 'anser'

/** A piece of a line that looks the same all over. */
export interface Piece {
  text: string
  tone: Tone | null
  ground: Tone | null
  isBold: boolean
  isDim: boolean
  isUnderlined: boolean
}

/** Colours as people tell them apart: of each there is one that can be read on light and one on dark. */
export type Tone = 'red' | 'yellow' | 'green' | 'cyan' | 'blue' | 'magenta' | 'grey'

/** What programs say to terminals beside colours: titles, links, where to write next. Nothing of it is done here. */
const orders =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|\[[0-?]*[ -/]*[@-ln-~]|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-Z\\`-~])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const colours = /\x1b\[[\d;:]*m/g
/** Characters that nobody sees, and those that turn the order of others around, of which a line could look like another. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const unseen = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** A line as a terminal would have shown it in the end, with its colours as a terminal is told them. */
export function shownLine(text: string): string {
  return overwritten(text.replace(orders, '')).replace(unseen, named)
}

/** The same without colours: what is copied, and what is looked for. */
export function plainLine(text: string): string {
  return shownLine(text).replace(colours, '')
}

/** `\r` goes back to the beginning of a line: what follows is written over what is there, as progress bars do. */
function overwritten(text: string): string {
  if (!text.includes('\r')) return text
  const written = text.split('\r').filter((part) => part !== '')
  return written.reduce(
    (before, part) => (hasColours(before) ? part : part + before.slice(lengthOf(part))),
    '',
  )
}

function hasColours(text: string): boolean {
  return text.search(colours) !== -1
}

function lengthOf(text: string): number {
  return text.replace(colours, '').length
}

function named(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}

/** A line that is shown, by how its pieces look. */
export function piecesOf(text: string): Piece[] {
  const shown = shownLine(text)
  if (!hasColours(shown)) return [{ ...plain, text: shown }]
  return Anser.ansiToJson(shown, { remove_empty: true }).map(({ content, fg, bg, decorations }) => ({
    text: content,
    tone: toneOf(fg),
    ground: toneOf(bg),
    isBold: decorations.includes('bold'),
    isDim: decorations.includes('dim'),
    isUnderlined: decorations.includes('underline'),
  }))
}

const plain = { tone: null, ground: null, isBold: false, isDim: false, isUnderlined: false }

/** `187, 0, 0` */
function toneOf(colour: string | null): Tone | null {
  const [red = 0, green = 0, blue = 0, ...rest] = (colour ?? '').split(',').map(Number)
  if (colour == null || colour === '' || rest.length > 0) return null
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)]
  // White and black are what the text is anyway.
  if (most - least < 40) return most > 60 && most < 170 ? 'grey' : null
  const within = (value: number) => value - least > (most - least) / 2
  const bits = `${Number(within(red))}${Number(within(green))}${Number(within(blue))}`
  return tones[bits] ?? null
}

const tones: Readonly<Record<string, Tone>> = {
  '100': 'red',
  '110': 'yellow',
  '010': 'green',
  '011': 'cyan',
  '001': 'blue',
  '101': 'magenta',
}
