import { randomInt } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { type Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { jsonText, keepTabs, manyLines } from './text-width.ts'

type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim'

/** What a command reads from and writes to. */
export interface Streams {
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable & { isTTY?: boolean; columns?: number }
  stderr: Writable & { isTTY?: boolean }
}

/** Where a command shows what it found: tables and lines for people, or JSON for programs. */
export class Terminal {
  readonly #streams: Streams
  readonly #colours: boolean
  /** Programs read what is printed. */
  readonly json: boolean

  constructor(streams: Streams, options: { json: boolean; environment: NodeJS.ProcessEnv }) {
    this.#streams = streams
    this.json = options.json
    // An empty NO_COLOR counts as not set.
    this.#colours = streams.stdout.isTTY === true && !options.environment.NO_COLOR
  }

  /** Columns of the terminal; without end when a file or a program reads along. */
  get width(): number {
    const { stdout } = this.#streams
    return stdout.isTTY === true ? stdout.columns || 80 : Number.POSITIVE_INFINITY
  }

  /** Somebody sits there who can answer. */
  get isInteractive(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stdout.isTTY === true && !this.json
  }

  /** stdout as a terminal acts on what it gets. */
  get isTerminal(): boolean {
    return this.#streams.stdout.isTTY === true
  }

  colour(colour: Colour, text: string): string {
    return this.#colours ? ours(styleText(colour, text, { validateStream: false })) : text
  }

  /** One line, whatever is in it: what a name or an error breaks off could be taken for a line of ours. */
  line(text = ''): void {
    this.#streams.stdout.write(`${harmlessLine(text)}\n`)
  }

  /** One line beside the result: it never ends up in a file with it. */
  note(text: string): void {
    this.#streams.stderr.write(`${harmlessLine(text)}\n`)
  }

  /** Somebody may watch a line that changes. */
  get showsProgress(): boolean {
    return this.#streams.stderr.isTTY === true
  }

  /** A line of a terminal that the next one replaces; nothing where no terminal is. */
  progress(text: string): void {
    if (this.showsProgress) this.#streams.stderr.write(`\r\u001b[K${harmlessLine(text)}`)
  }

  /** Empties a terminal and begins at its top. */
  clear(): void {
    if (this.isTerminal) this.#streams.stdout.write('\u001b[H\u001b[2J')
  }

  /** Data as it is for files and programs; what a terminal would act on is written out there. Resolves when there is room for more. */
  write(data: string | Uint8Array): Promise<void> {
    const shown = this.isTerminal
      ? harmless(typeof data === 'string' ? data : Buffer.from(data).toString())
      : data
    return new Promise((resolve, reject) => {
      this.#streams.stdout.write(shown, (error) => (error ? reject(error) : resolve()))
    })
  }

  /** One JSON document. */
  document(value: unknown): void {
    this.#streams.stdout.write(`${jsonText(value, 2)}\n`)
  }

  /** The same for both kinds of readers; each line is one. */
  tell(value: unknown, ...lines: string[]): void {
    if (this.json) this.document(value)
    else for (const line of lines) this.line(line)
  }

  /** One JSON document on one line, of many. */
  record(value: unknown): void {
    this.line(jsonText(value))
  }

  async ask(question: string): Promise<string> {
    const reader = createInterface({ input: this.#streams.stdin, output: this.#streams.stdout })
    try {
      return (await reader.question(`${harmlessLine(question)} `)).trim()
    } finally {
      reader.close()
    }
  }

  /** The same for what is not to be seen, on the screen or in what was printed. */
  async askHidden(question: string): Promise<string> {
    const { stdin, stdout } = this.#streams
    stdout.write(`${harmlessLine(question)} `)
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    const reader = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 })
    const leaving = new AbortController()
    reader.on('SIGINT', () => leaving.abort())
    reader.on('close', () => leaving.abort())
    try {
      return await reader.question('', { signal: leaving.signal })
    } catch {
      // Whoever leaves gives nothing.
      return ''
    } finally {
      reader.close()
      stdout.write('\n')
    }
  }

  /** The first line that is piped in, of at most so many characters. */
  async firstLine(most: number): Promise<string> {
    let text = ''
    for await (const part of this.#streams.stdin) {
      text += String(part)
      if (text.includes('\n') || text.length > most) break
    }
    return (text.split('\n')[0] ?? '').replace(/\r$/, '')
  }
}

/** Numbers that only this process knows, so that colours of ours can be told from those that a row or a server sends. */
const own = Array.from({ length: 4 }, () => randomInt(1000, 10_000)).join(';')
const ownColour = new RegExp(`\u001b\\[${own};(\\d+)m`)

function ours(coloured: string): string {
  return coloured.replaceAll('\u001b[', `\u001b[${own};`)
}

/**
 * Lines as they are written: our colours, and nothing else that a terminal acts on. Here everything passes that a command shows, so
 * whoever makes a line need not think of what a name in it may hold.
 */
export function harmless(text: string): string {
  return betweenColours(text, manyLines)
}

function harmlessLine(text: string): string {
  return betweenColours(text, keepTabs)
}

function betweenColours(text: string, writtenOut: (part: string) => string): string {
  return text
    .split(ownColour)
    .map((part, index) => (index % 2 === 1 ? `\u001b[${part}m` : writtenOut(part)))
    .join('')
}
