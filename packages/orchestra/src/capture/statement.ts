/** Whether a transaction is open on a connection, as its server said at last; `unsure` while answers are on their way. */
export type Standing = 'idle' | 'open' | 'failed' | 'unsure'

/** Texts with any number of statements, or one statement whose values travel beside it. */
export type Protocol = 'simple' | 'extended'

/** How the settings that bind a statement to its unit travel with it. */
export type Binding =
  /** Not at all: they are set already, would fail, or would be lost. */
  | 'none'
  /** As a SELECT. It takes a snapshot, so it goes only before what takes one as well. */
  | 'select'
  /** As SET LOCAL, which takes none. Alone outside of a transaction it would write a warning to the server's log. */
  | 'set'

export interface Situation {
  text: string
  protocol: Protocol
  standing: Standing
  /** Whether the open transaction has the settings. */
  bound: boolean
  /** Whether it can be sent again without settings, where the server refuses it in company. */
  repeatable: boolean
}

/** An older snapshot harms nobody here: these take one themselves as their first act. */
const TAKES_SNAPSHOT = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with', 'values', 'table'])

/** In a failed transaction these must arrive, and in others what is set before them ends with them. */
const ENDS = new Set(['commit', 'end', 'rollback', 'abort', 'prepare transaction'])

/** They write no row, and a snapshot that is taken before them is one too early. */
const PREPARES = new Set(['begin', 'start', 'set', 'lock', 'savepoint', 'release'])

/** What may refuse to run with anything before it, or end transactions by itself. */
const WANTS_TO_BE_ALONE = new Set([
  'alter',
  'call',
  'cluster',
  'create',
  'discard',
  'do',
  'drop',
  'reindex',
  'repack',
  'vacuum',
])

/**
 * Whether and how a statement is bound. The first word only chooses between ways that are right for any state; which state
 * a connection is in, the server says.
 */
export function bindingOf({ text, protocol, standing, bound, repeatable }: Situation): Binding {
  if (standing === 'failed' || (standing === 'open' && bound)) return 'none'
  if (endsTransaction(text)) return 'none'
  const word = firstWord(text)
  if (standing !== 'open' && !repeatable && WANTS_TO_BE_ALONE.has(word)) return 'none'
  if (TAKES_SNAPSHOT.has(word)) return 'select'
  if (protocol === 'simple' || standing === 'open') return 'set'
  return PREPARES.has(word) ? 'none' : 'select'
}

/** Spaces as Postgres knows them, what may stand before a statement, and line comments. */
const BETWEEN = /(?:[ \t\n\r\f\v;(]|--[^\n\r]*)*/y
const WORD = /[a-z_]+/iy
const COMMENT_EDGE = /\/\*|\*\//g

/** Whether a text begins with what ends a transaction, or goes back in one. */
export function endsTransaction(text: string): boolean {
  const { word, end } = wordAt(text, 0)
  return ENDS.has(word) || (word === 'prepare' && ENDS.has(`prepare ${wordAt(text, end).word}`))
}

/** The word that a text begins with, in lower case; empty where it begins with none. */
export function firstWord(text: string): string {
  return wordAt(text, 0).word
}

function wordAt(text: string, start: number): { word: string; end: number } {
  let at = endOf(BETWEEN, text, start)
  while (text.startsWith('/*', at)) at = endOf(BETWEEN, text, endOfComment(text, at))
  const end = endOf(WORD, text, at)
  return { word: text.slice(at, end).toLowerCase(), end }
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Comments nest in Postgres. */
function endOfComment(text: string, start: number): number {
  let depth = 0
  COMMENT_EDGE.lastIndex = start
  for (let edge = COMMENT_EDGE.exec(text); edge !== null; edge = COMMENT_EDGE.exec(text)) {
    depth += edge[0] === '/*' ? 1 : -1
    if (depth === 0) return COMMENT_EDGE.lastIndex
  }
  return text.length
}
