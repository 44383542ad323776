/** A value that must not be read in a log, and the name that stands there instead. */
export interface NamedSecret {
  name: string
  value: string
}

/**
 * Shorter secrets are not searched for: three bytes occur in any output by chance, and replacing them would both spoil the
 * log and tell the secret to whoever sees what is missing.
 */
export const SHORTEST_SECRET = 4
/** One line of a longer secret, or a part of a base64 text, must be long enough to be no accident. */
const SHORTEST_PART = 8

/** Every way in which programs commonly print a value: as it is, quoted, or encoded. */
export function variantsOf(value: string): string[] {
  if (Buffer.byteLength(value) < SHORTEST_SECRET) return []
  const base64 = base64Forms(Buffer.from(value))
  const encoded = [...base64, ...base64.map(urlSafe), ...hexForms(value)]
  // Nothing quotes or escapes these characters, and most secrets consist of them.
  if (/^[\w.-]+$/.test(value)) return [value, ...encoded]
  return [value, ...linesOf(value), ...shellForms(value), ...uriForms(value), ...jsonForms(value), ...encoded]
}

/** A key file is often printed line by line, indented or numbered. */
function linesOf(value: string): string[] {
  const lines = value.split(/\r?\n/)
  return lines.length === 1
    ? []
    : lines.map((line) => line.trim()).filter((line) => line.length >= SHORTEST_PART)
}

/** As our own scripts, `set -x`, `printf %q` and hand-written quoting show it, without the outer quotes. */
function shellForms(value: string): string[] {
  const ansi = value
    .replace(/[\\']/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
  return [
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", `'"'"'`),
    value.replace(/[\\"$`]/g, '\\$&'),
    value.replace(/[^\w@%+=:,./\u0080-\uffff-]/g, '\\$&'),
    ansi,
  ]
}

/** Alone, and inside a longer text such as `user:password`, where it may start at any of three places in a group. */
function base64Forms(bytes: Buffer): string[] {
  const whole = bytes.toString('base64').replace(/=+$/, '')
  return [whole, ...[0, 1, 2].map((offset) => base64Inside(bytes, offset))].filter((text) => text !== '')
}

/** The characters of the base64 text that depend on nothing but `bytes`, when `offset` others stand before them. */
function base64Inside(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  const first = Math.ceil((offset * 8) / 6)
  const end = Math.floor(((offset + bytes.length) * 8) / 6)
  return end - first < SHORTEST_PART ? '' : text.slice(first, end)
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_')
}

function uriForms(value: string): string[] {
  const usual = encodeURIComponent(value.toWellFormed())
  const strict = usual.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  return [usual, strict, strict.replaceAll('%20', '+'), strict.replace(/%../g, (code) => code.toLowerCase())]
}

function jsonForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1)
  const ascii = json.replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return [json, ascii, json.replaceAll('/', '\\/')]
}

function hexForms(value: string): string[] {
  const hex = Buffer.from(value).toString('hex')
  return [hex, hex.toUpperCase()]
}
