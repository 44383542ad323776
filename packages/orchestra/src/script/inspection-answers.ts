import { MarkedStream } from './marked-stream.ts'
import { Pieces, tooMuch } from './pieces.ts'

/** What stands at a path. */
export interface PathState {
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
  places: Map<string, PathState>
  digests: Map<string, string>
  /** The number of who acts where nothing else is said; null where no file was asked for. */
  actor: string | null
  /** The same at paths where somebody else does, or nobody (null). */
  actors: Map<string, string | null>
  /** Numbers by name. */
  users: Map<string, string>
  groups: Map<string, string>
  runs: Map<number, WouldRun>
  marks: Set<string>
  /** The mark of the object's name by the mark that is its own; null where that does not tell. */
  owners: Map<string, string | null>
  contents: Map<number, Buffer>
  /** Numbers of paths that may not be looked at. */
  unseen: Set<number>
  reads: Map<number, string>
  /** How the command that lists ended; null when it was not asked or did not end. */
  listed: number | null
  /** The answer came to its end. */
  whole: boolean
}

/** Bytes of a path with what stands before it; Linux takes 4096 of the path. */
const longestPath = 8 * 1024
/** Bytes of a name that a server lists. */
const longestIdentity = 4096
/** Bytes of a line of `getent` that are read: the members of a group may fill megabytes, and are of no use. */
const longestName = 4096
/** Bytes of what people are shown about something that was found; the rest is left out. */
const longestReading = 64 * 1024
/** Bytes of all that is kept of one answer, and what a record costs beside its text. */
const mostKept = 64 * 1024 * 1024
const recordCost = 64

export interface InspectionParser {
  /**
   * Takes bytes of stdout as they come, cut anywhere.
   * @throws OrchestraError ORC_ANSWER_TOO_LARGE
   */
  push(bytes: Uint8Array): void
  end(): Answers
}

/** Reads the answers of an inspection. Listed identities are given out as they come, for there may be any number. */
export function createInspectionParser(
  token: string,
  onFound: (identity: string) => void = () => undefined,
): InspectionParser {
  const answers = noAnswers()
  const budget = new Budget()
  let section: Section = nothing
  const stream = new MarkedStream(token, {
    onBytes: (bytes) => section.push(bytes),
    onRecord(record) {
      section.end()
      budget.spend(record.length)
      section = sectionOf(record.split(' '), answers, budget, onFound)
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

function noAnswers(): Answers {
  return {
    owed: [],
    places: new Map(),
    digests: new Map(),
    actor: null,
    actors: new Map(),
    users: new Map(),
    groups: new Map(),
    runs: new Map(),
    marks: new Set(),
    owners: new Map(),
    contents: new Map(),
    unseen: new Set(),
    reads: new Map(),
    listed: null,
    whole: false,
  }
}

/** What may still be kept of an answer. */
class Budget {
  #left = mostKept

  spend(bytes: number): void {
    this.#left -= bytes + recordCost
    if (this.#left < 0) throw tooMuch('all of it', mostKept)
  }
}

/** What takes the bytes behind a record. */
interface Section {
  push(bytes: Uint8Array): void
  end(): void
}

const nothing: Section = { push: () => undefined, end: () => undefined }

function sectionOf(
  words: readonly string[],
  answers: Answers,
  budget: Budget,
  onFound: (identity: string) => void,
): Section {
  const [kind, word = '', says] = words
  const texts = (separator: '\0' | '\n', longest: number, take: (text: string) => void) =>
    new Pieces(separator, longest, 'refuse', (text) => {
      budget.spend(text.length)
      take(text)
    })
  const names = (known: Map<string, string>) =>
    new Pieces('\n', longestName, 'cut', (line) => {
      budget.spend(line.length)
      addName(known, line)
    })
  switch (kind) {
    case 'owed':
      answers.owed.push(word)
      return nothing
    case 'places':
      return texts(
        '\0',
        longestPath,
        inPairs((head, target) => addPlace(answers.places, head, target)),
      )
    case 'digests':
      return texts('\0', longestPath, (line) => answers.digests.set(line.slice(66), line.slice(0, 64)))
    case 'actor':
      answers.actor = word
      return nothing
    case 'acts':
      return texts('\0', longestPath, (path) => answers.actors.set(path, word === '-' ? null : word))
    case 'passwd':
      return names(answers.users)
    case 'group':
      return names(answers.groups)
    case 'would':
      if (isWouldRun(says)) answers.runs.set(Number(word), says)
      return nothing
    case 'marked':
      answers.marks.add(word)
      return nothing
    case 'whose':
      answers.owners.set(word, says === undefined || says === '-' ? null : says)
      return nothing
    case 'found':
      return new Pieces('\n', longestIdentity, 'refuse', (line) => (line === '' ? undefined : onFound(line)))
    case 'listed':
      answers.listed = Number(word)
      return nothing
    case 'content':
      return whole(budget, Number.POSITIVE_INFINITY, (bytes) => answers.contents.set(Number(word), bytes))
    case 'unseen':
      answers.unseen.add(Number(word))
      return nothing
    case 'read':
      return whole(budget, longestReading, (bytes) => answers.reads.set(Number(word), bytes.toString()))
    case 'end':
      answers.whole = true
      return nothing
    default:
      return nothing
  }
}

/** All that follows, up to a bound; what is beyond is left out. */
function whole(budget: Budget, longest: number, take: (bytes: Buffer) => void): Section {
  const parts: Uint8Array[] = []
  let room = longest
  return {
    push(bytes) {
      if (room <= 0) return
      const part = Uint8Array.from(bytes.subarray(0, Math.min(room, bytes.length)))
      budget.spend(part.length)
      room -= part.length
      parts.push(part)
    },
    end: () => take(Buffer.concat(parts)),
  }
}

function inPairs(take: (first: string, second: string) => void): (text: string) => void {
  let first: string | undefined
  return (text) => {
    if (first === undefined) first = text
    else {
      take(first, text)
      first = undefined
    }
  }
}

function isWouldRun(text: string | undefined): text is WouldRun {
  return text === 'runs' || text === 'stays' || text === 'cannot'
}

const placeForm = /^(.)(.) (\d+) (\d+) (\d+) (.*)$/s

function addPlace(places: Map<string, PathState>, head: string, target: string): void {
  const [, type = '', leadsTo = '', mode = '', uid = '', gid = '', path = ''] = placeForm.exec(head) ?? []
  if (path !== '') places.set(path, { type, leadsTo, mode, uid, gid, target })
}

/** A line of `getent`: the name, something, the number. */
function addName(names: Map<string, string>, line: string): void {
  const [name = '', , number = ''] = line.split(':', 3)
  if (number !== '') names.set(name, number)
}
