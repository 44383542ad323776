import type { Questions } from '../script/inspect.ts'
import type { Answers } from '../script/inspection-answers.ts'
import { ask, type Inspected, type InspectionReply } from './ask.ts'
import { describeContent, MOST_CONTENT, mayFetch } from './differ.ts'
import type { Expectation, ExpectedFile } from './expect.ts'
import { type Condition, type Difference, judge, type Suspicion, verdictFor } from './judge.ts'

/** Files whose differences are shown, of all that one script finds. */
const MOST_SHOWN = 100
/** Files that one script fetches: with the bound of each, what is held at once. */
const FILES_A_FETCH = 16

export type Examined =
  /** A verdict for each expectation. */
  { kind: 'examined'; verdicts: readonly Condition[]; owed: readonly string[] } | Unanswered

export type Unanswered = Exclude<InspectionReply, { kind: 'answered' }>

/** The questions about many objects, ready to be sent. Their numbering is that of the expectations and their runs, in order. */
export function questionsAbout(expectations: readonly Expectation[]): Questions {
  const places = expectations.flatMap((expectation) => expectation.places)
  const owned = places.filter((place) => place.kind === 'file' || place.kind === 'directory')
  const files = new Set(places.flatMap((place) => (place.kind === 'file' ? [place.path] : [])))
  return {
    places: unique(places.map(({ path }) => path)).filter((path) => !files.has(path)),
    files: [...files],
    users: unique(owned.flatMap(({ owner }) => (isName(owner) ? [owner] : []))),
    groups: unique(owned.flatMap(({ group }) => (isName(group) ? [group] : []))),
    runs: expectations.flatMap((expectation) => expectation.runs),
  }
}

function isName(owner: string | null): owner is string {
  return owner !== null && !/^\d+$/.test(owner)
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)]
}

/** Looks at many objects on their server: one script, and others only for what differs. */
export async function examine(
  inspected: Inspected,
  expectations: readonly Expectation[],
  questions = questionsAbout(expectations),
): Promise<Examined> {
  if (isOfFunctions(inspected)) return { kind: 'examined', verdicts: expectations.map(unasked), owed: [] }
  const reply = await ask(inspected, questions)
  if (reply.kind !== 'answered') return reply
  const suspicions = suspicionsOf(inspected, expectations, reply.answers)
  const details = await askDetails(inspected, suspicions.flat())
  if ('kind' in details) return details
  const verdicts = expectations.map((expectation, index) => {
    const differences = (suspicions[index] ?? []).flatMap((one) => details.get(one) ?? [strip(one)])
    return verdictFor(expectation, differences)
  })
  return { kind: 'examined', verdicts, owed: reply.answers.owed }
}

/** Where only functions run nothing can be asked: what they made is not known, and what they did not is in nobody's way. */
export function isOfFunctions({ target }: Inspected): boolean {
  return target.method === 'function'
}

function unasked(expectation: Expectation): Condition {
  const reason = 'this server runs functions, which cannot be asked'
  const asked = [
    ...expectation.places.map(({ path }) => path),
    ...expectation.runs.map(({ command }) => command.masked),
  ]
  const unknown = [...expectation.unknown, ...asked.map((title) => ({ title, reason }))]
  return verdictFor(
    expectation,
    unknown.map((one) => ({ ...one, kind: 'unknown' as const })),
  )
}

function suspicionsOf(
  { backend }: Inspected,
  expectations: readonly Expectation[],
  answers: Answers,
): Suspicion[][] {
  let first = 0
  return expectations.map((expectation) => {
    const start = first
    first += expectation.runs.length
    return judge(expectation, answers, (index) => start + index, backend.ignore)
  })
}

function strip({ file: _, ...difference }: Suspicion): Difference {
  return difference
}

/** What a second look tells of suspicions. */
async function askDetails(
  inspected: Inspected,
  suspicions: readonly Suspicion[],
): Promise<Map<Suspicion, Difference[]> | Unanswered> {
  const details = new Map<Suspicion, Difference[]>()
  const missing = suspicions.filter(({ kind }) => kind === 'missing')
  const unseen = await askReach(inspected, missing)
  if ('kind' in unseen) return unseen
  for (const one of missing.filter((_, index) => unseen.has(index)))
    details.set(one, [{ title: one.title, kind: 'unknown', reason: 'may not be looked at' }])
  const contents = await askContents(inspected, suspicions)
  if ('kind' in contents) return contents
  for (const [one, differences] of contents) details.set(one, differences)
  return details
}

async function askReach(
  inspected: Inspected,
  missing: readonly Suspicion[],
): Promise<ReadonlySet<number> | Unanswered> {
  if (missing.length === 0) return new Set()
  const reply = await ask(inspected, { reaches: missing.map(({ title }) => title) })
  return reply.kind === 'answered' ? reply.answers.unseen : reply
}

/** Where lines are ignored, every file that differs is fetched: only its lines tell whether it matters. */
async function askContents(
  inspected: Inspected,
  suspicions: readonly Suspicion[],
): Promise<Map<Suspicion, Difference[]> | Unanswered> {
  const { ignore } = inspected.backend
  const differing = suspicions.filter(
    (one): one is Suspicion & { file: ExpectedFile } => one.file !== undefined,
  )
  const fetched = differing.filter(({ file }) => mayFetch(file))
  const bound = (ignore?.lines ?? []).length > 0 ? fetched.length : MOST_SHOWN
  const described = new Map<Suspicion, Difference[]>()
  for (let at = 0; at < Math.min(bound, fetched.length); at += FILES_A_FETCH) {
    const portion = fetched.slice(at, Math.min(at + FILES_A_FETCH, bound))
    const reply = await ask(inspected, {
      contents: portion.map(({ title: path }) => ({ path, bytes: MOST_CONTENT + 1 })),
    })
    if (reply.kind !== 'answered') return reply
    for (const [index, one] of portion.entries())
      described.set(one, describeContent(one.file, reply.answers.contents.get(index), ignore))
  }
  for (const one of differing)
    if (!described.has(one)) described.set(one, describeContent(one.file, undefined, ignore))
  return described
}
