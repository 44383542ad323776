const places = ['terminal-1', 'terminal-2', 'servers', 'web1', 'web2', 'worker'] as const
/** Where commands are typed, and where what they print is seen. */
export type Place = (typeof places)[number]

/** One fenced block: commands to type, a program to write down, or what a place shows then. */
export type Block =
  | { kind: 'type'; place: Place; text: string }
  | { kind: 'write'; text: string }
  | { kind: 'see'; place: Place; text: string }

export interface Section {
  title: string
  blocks: Block[]
}

/** The sections of a document that have blocks, in their order. */
export function readSections(document: string): Section[] {
  const parts = document.split(/^## /m).map((part) => ({
    title: part.slice(0, part.indexOf('\n')),
    blocks: readBlocks(part),
  }))
  return parts.filter(({ blocks }) => blocks.length > 0)
}

function readBlocks(part: string): Block[] {
  const fences = part.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)
  return [...fences].map(([, language = '', named = 'terminal-2', text = '']) => {
    if (language === 'ts') return { kind: 'write', text }
    const place = places.find((each) => each === named)
    if (place === undefined) throw new Error(`There is no place ${named}`)
    if (language === 'sh') return { kind: 'type', place, text }
    if (language === 'text') return { kind: 'see', place, text }
    throw new Error(`Nobody knows what to do with ${language}`)
  })
}

/**
 * A pattern for lines that are shown. Times, ids and the width of columns differ each time; a line of three dots stands for any
 * number of lines, the sign … for a part of a line.
 */
export function patternOf(shown: string): RegExp {
  const exact = masked(shown).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const open = exact.replace(/^\\\.\\\.\\\.\n/gm, '(?:.*\\n)*?').replaceAll('…', '.*')
  return new RegExp(`^${open}`, 'm')
}

/** What was printed, with everything alike that differs each time. */
export function masked(printed: string): string {
  return printed
    .replace(/\b\d\d:\d\d:\d\d {2}/g, 'TIME ')
    .replace(/\b[\d.]+ (ms|s|min)\b/g, 'DURATION')
    .replace(/\bunit [0-9a-f]{8}\b/g, 'unit ID')
    .replace(/^[ \t]+|[ \t]+$/gm, '')
    .replace(/[ \t]+/g, ' ')
}
