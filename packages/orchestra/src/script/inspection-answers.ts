import { MarkedStream } from './marked-stream.ts'

/** What stands at a path. */
export interface Place {
  /** As `find` calls types: f, d, l, p, s, b, c. */
  type: string
  /** The same of what a link leads to; N where that is nothing. */
  leadsTo: string
  /** Octal digits without leading zeros. */
  mode: string
  uid: string
  gid: string
  /** What a link holds; empty for everything else. */
  target: string
}

/** Whether a command would run, by its guards. */
export type WouldRun = 'runs' | 'stays' | 'cannot'

/** What a server said. */
export interface Answers {
  /** Reloads that the server owes, such as `reload.nginx`. */
  owed: string[]
  places: Map<string, Place>
  digests: Map<string, string>
  /** Numbers by name. */
  users: Map<string, string>
  groups: Map<string, string>
  runs: Map<number, WouldRun>
  marks: Set<string>
  contents: Map<number, Buffer>
  /** Numbers of paths that may not be looked at. */
  unseen: Set<number>
  reads: Map<number, string>
  /** How the command that lists ended; null when it was not asked or did not end. */
  listed: number | null
  /** The answer came to its end. */
  whole: boolean
}

export interface InspectionParser {
  /** Takes bytes of stdout as they come. */
  push(bytes: Uint8Array): void
  end(): Answers
}

/** Reads the answers of an inspection. Listed identities are given out as they come, for there may be any number. */
export function createInspectionParser(
  token: string,
  onFound: (identity: string) => void = () => undefined,
): InspectionParser {
  const answers: Answers = {
    owed: [],
    places: new Map(),
    digests: new Map(),
    users: new Map(),
    groups: new Map(),
    runs: new Map(),
    marks: new Set(),
    contents: new Map(),
    unseen: new Set(),
    reads: new Map(),
    listed: null,
    whole: false,
  }
  let section: Section = nothing
  const stream = new MarkedStream(token, {
    onBytes: (bytes) => section.push(bytes),
    onRecord(record) {
      section.end()
      section = sectionOf(record.split(' '), answers, onFound)
    },
  })
  return {
    push: (bytes) => stream.push(bytes),
    end() {
      stream.end()
      section.end()
      return answers
    },
  }
}

/** What takes the bytes behind a record. */
interface Section {
  push(bytes: Uint8Array): void
  end(): void
}

const nothing: Section = { push: () => undefined, end: () => undefined }

function sectionOf(words: readonly string[], answers: Answers, onFound: (identity: string) => void): Section {
  const [kind, word = '', says] = words
  switch (kind) {
    case 'owed':
      answers.owed.push(word)
      return nothing
    case 'places':
      return pairs((head, target) => addPlace(answers.places, head, target))
    case 'digests':
      return pieces('\0', (line) => answers.digests.set(line.slice(66), line.slice(0, 64)))
    case 'passwd':
      return pieces('\n', (line) => addName(answers.users, line))
    case 'group':
      return pieces('\n', (line) => addName(answers.groups, line))
    case 'would':
      answers.runs.set(Number(word), says as WouldRun)
      return nothing
    case 'marked':
      answers.marks.add(word)
      return nothing
    case 'found':
      return pieces('\n', (line) => (line === '' ? undefined : onFound(line)))
    case 'listed':
      answers.listed = Number(word)
      return nothing
    case 'content':
      return whole((bytes) => answers.contents.set(Number(word), bytes))
    case 'unseen':
      answers.unseen.add(Number(word))
      return nothing
    case 'read':
      return whole((bytes) => answers.reads.set(Number(word), bytes.toString()))
    case 'end':
      answers.whole = true
      return nothing
    default:
      return nothing
  }
}

function whole(take: (bytes: Buffer) => void): Section {
  const parts: Uint8Array[] = []
  return { push: (bytes) => void parts.push(bytes), end: () => take(Buffer.concat(parts)) }
}

/** Texts that end with a separator, the last one perhaps without. */
function pieces(separator: '\0' | '\n', take: (text: string) => void): Section {
  const code = separator.charCodeAt(0)
  let held: Buffer = Buffer.alloc(0)
  return {
    push(bytes) {
      const all = held.length === 0 ? Buffer.from(bytes) : Buffer.concat([held, bytes])
      let start = 0
      for (let at = all.indexOf(code); at !== -1; at = all.indexOf(code, start)) {
        take(all.toString('utf8', start, at))
        start = at + 1
      }
      held = Buffer.from(all.subarray(start))
    },
    end() {
      if (held.length > 0) take(held.toString())
      held = Buffer.alloc(0)
    },
  }
}

function pairs(take: (first: string, second: string) => void): Section {
  let first: string | undefined
  return pieces('\0', (text) => {
    if (first === undefined) first = text
    else {
      take(first, text)
      first = undefined
    }
  })
}

const placeForm = /^(.)(.) (\d+) (\d+) (\d+) (.*)$/s

function addPlace(places: Map<string, Place>, head: string, target: string): void {
  const [, type = '', leadsTo = '', mode = '', uid = '', gid = '', path = ''] = placeForm.exec(head) ?? []
  if (path !== '') places.set(path, { type, leadsTo, mode, uid, gid, target })
}

/** A line of `getent`: the name, something, the number. */
function addName(names: Map<string, string>, line: string): void {
  const [name = '', , number = ''] = line.split(':')
  if (number !== '') names.set(name, number)
}
