import { MarkedStream } from './marked-stream.ts'

/** Whose output or result it is: an operation by its index, or the backend's own `prepare` and `commit`. */
export type BlockIndex = number | 'prepare' | 'commit'

export type Stream = 'stdout' | 'stderr'

/** What the server says about one operation. */
export interface OperationResult {
  index: BlockIndex
  status: 'ok' | 'failed'
  /** Exit status of the step that failed; 0 when none did. */
  exit: number
  /**
   * What decided: something that is not ours (nothing of it ran), one of its own steps, its file's check (`before`: it fails without the change too), the backend's `prepare` (nothing of it ran) or `commit`,
   * or an owed reload such as `reload.nginx`.
   */
  reason:
    | 'step'
    | 'check'
    | 'before'
    | 'foreign'
    | 'prepare'
    | 'commit'
    | `reload.${string}`
    | `restart.${string}`
  change: 'changed' | 'unchanged'
  /** What is not ours: a name, or a path. */
  subject?: string
}

/** An owed reload that was tried. */
export interface ReloadResult {
  verb: 'reload' | 'restart'
  service: string
  status: 'ok' | 'failed'
  exit: number
}

/** What a script's output is made of. Null: the script as a whole. */
export type ScriptEvent =
  | { kind: 'output'; index: BlockIndex | null; stream: Stream; bytes: Uint8Array }
  | { kind: 'result'; result: OperationResult }
  | { kind: 'reload'; result: ReloadResult }
  /** What may hang is at work for these; `more` of them where they do not fit one record. */
  | { kind: 'at'; indexes: readonly BlockIndex[]; more: boolean }
  /** A check fails because of the files of this one of those that stand. */
  | { kind: 'broken'; index: number }
  /** A check does not fail any more. */
  | { kind: 'passes' }
  /** The server remembers nothing: no script has run there, or it lost its disk since. */
  | { kind: 'fresh' }
  /** The script came to its end. */
  | { kind: 'finished' }

export interface OutputParser {
  /** Takes bytes as they come, cut anywhere. */
  push(stream: Stream, bytes: Uint8Array): void
  /** The streams have ended: gives out what was held back. */
  end(): void
}

/**
 * Turns the bytes of a script into events. It holds back no more than could be the start of a marker. What a server may say once is
 * given out once, however often it says it: one result of each operation, that it remembers nothing, and its end.
 */
export function createOutputParser(token: string, onEvent: (event: ScriptEvent) => void): OutputParser {
  const told = new Set<string>()
  const once = (event: ScriptEvent) => {
    const name = nameOf(event)
    if (name !== null && told.has(name)) return
    if (name !== null) told.add(name)
    onEvent(event)
  }
  const streams = {
    stdout: readStream(token, 'stdout', once),
    stderr: readStream(token, 'stderr', once),
  }
  return {
    push: (stream, bytes) => streams[stream].push(bytes),
    end() {
      streams.stdout.end()
      streams.stderr.end()
    },
  }
}

/** Reads one of the two streams: its blocks decide whose output it is. */
function readStream(token: string, stream: Stream, onEvent: (event: ScriptEvent) => void): MarkedStream {
  let index: BlockIndex | null = null
  return new MarkedStream(token, {
    onBytes: (bytes) => onEvent({ kind: 'output', index, stream, bytes }),
    onRecord(record) {
      if (record.startsWith('block ')) index = parseIndex(record.slice('block '.length))
      const event = parseRecord(record)
      if (event) onEvent(event)
    },
  })
}

/** What an event is about, where there is one such event; null where there may be any number. */
function nameOf(event: ScriptEvent): string | null {
  if (event.kind === 'result') return `result ${event.result.index}`
  return event.kind === 'fresh' || event.kind === 'finished' ? event.kind : null
}

/** A line of the journal, or of the output behind its mark. Null where it is none of these. */
export function parseRecord(record: string): ScriptEvent | null {
  const [kind, ...words] = record.split(' ')
  if (kind === 'end') return { kind: 'finished' }
  if (kind === 'passes') return { kind: 'passes' }
  if (kind === 'broken') return parseBroken(words)
  if (kind === 'fresh') return { kind: 'fresh' }
  if (kind === 'at' || kind === 'also')
    return { kind: 'at', indexes: parseIndexes(words), more: kind === 'also' }
  if (kind === 'result') return parseResult(words)
  if (kind === 'reload') return parseReload(words)
  return null
}

function parseResult([name, status, exit, reason, change, subject]: readonly string[]): ScriptEvent | null {
  const index = parseIndex(name ?? '')
  if (index === null || (status !== 'ok' && status !== 'failed') || !isReason(reason)) return null
  if (change !== 'changed' && change !== 'unchanged') return null
  if (!isExit(exit)) return null
  const result = { index, status, exit: Number(exit), reason, change } as const
  return { kind: 'result', result: subject === undefined ? result : { ...result, subject: decode(subject) } }
}

/** Bytes as `%41`, as the prelude encodes a name. */
function decode(word: string): string {
  const bytes = word.replace(/%([0-9A-F]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString()
}

function parseBroken([index = '']: readonly string[]): ScriptEvent | null {
  return /^\d{1,9}$/.test(index) ? { kind: 'broken', index: Number(index) } : null
}

function parseReload([name = '', status, exit]: readonly string[]): ScriptEvent | null {
  const [verb, ...service] = name.split('.')
  if ((verb !== 'reload' && verb !== 'restart') || (status !== 'ok' && status !== 'failed')) return null
  if (!isExit(exit)) return null
  return { kind: 'reload', result: { verb, service: service.join('.'), status, exit: Number(exit) } }
}

function isReason(reason: string | undefined): reason is OperationResult['reason'] {
  return (
    reason !== undefined &&
    /^(step|check|before|foreign|prepare|commit|(reload|restart)\.[!-~]{1,255})$/.test(reason)
  )
}

function parseIndexes(words: readonly string[]): BlockIndex[] {
  return words.map(parseIndex).filter((index) => index !== null)
}

function parseIndex(name: string): BlockIndex | null {
  if (name === 'prepare' || name === 'commit') return name
  return /^\d{1,5}$/.test(name) ? Number(name) : null
}

function isExit(exit: string | undefined): exit is string {
  return exit !== undefined && /^\d{1,3}$/.test(exit)
}
