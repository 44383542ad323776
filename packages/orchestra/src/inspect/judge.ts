import type { IgnoreRules } from '../config/backend.ts'
import type { Answers, PathState } from '../script/inspection-answers.ts'
import type { Permissions } from '../script/steps.ts'
import type { Expectation, ExpectedFile, ExpectedPlace } from './expect.ts'

/** Something about an object that is not as it should be, or cannot be told. */
export interface Difference {
  /** A path, or a command. */
  title: string
  kind:
    | 'missing'
    | 'type'
    | 'content'
    | 'target'
    | 'permissions'
    | 'present'
    | 'command'
    | 'unowned'
    | 'unknown'
  /** In words, where there is no diff. */
  reason?: string
  /** From what is there to what should be, in the unified format. */
  diff?: string
}

/** A difference, and what a second look at the server could tell about it. */
export interface Suspicion extends Difference {
  /** The file whose content differs. */
  file?: ExpectedFile
}

/** Compares what an object should be with what its server said. Pure. */
export function judge(
  expectation: Expectation,
  answers: Answers,
  numberOfRun: (index: number) => number,
  ignore: IgnoreRules = {},
): Suspicion[] {
  return [
    ...expectation.places.flatMap((place) => judgePlace(place, answers, ignore)),
    ...expectation.runs.flatMap(({ command }, index) =>
      judgeRun(command.masked, answers.runs.get(numberOfRun(index))),
    ),
    ...expectation.unknown.map(({ title, reason }) => ({ title, kind: 'unknown' as const, reason })),
  ]
}

function judgePlace(expected: ExpectedPlace, answers: Answers, ignore: IgnoreRules): Suspicion[] {
  const found = answers.places.get(expected.path)
  const title = expected.path
  if (expected.kind === 'absent')
    return found === undefined ? [] : [{ title, kind: 'present', reason: `there is ${nameOf(found)}` }]
  if (found === undefined) return [{ title, kind: 'missing', reason: 'there is nothing' }]
  if (!hasType(expected, found))
    return [{ title, kind: 'type', reason: `is ${nameOf(found)}, not ${wantedName[expected.kind]}` }]
  switch (expected.kind) {
    case 'symlink':
      if (found.target === expected.target) return []
      return [{ title, kind: 'target', reason: `leads to ${found.target}, not to ${expected.target}` }]
    case 'directory':
      return found.type === 'l' ? [] : judgePermissions(expected, found, answers, ignore)
    case 'file':
      return [
        ...judgeContent(expected, answers.digests.get(title)),
        ...judgePermissions(expected, found, answers, ignore),
      ]
  }
}

function judgeContent(file: ExpectedFile, digest: string | undefined): Suspicion[] {
  if (digest === undefined) return [{ title: file.path, kind: 'unknown', reason: 'cannot be read' }]
  return digest === file.digest ? [] : [{ title: file.path, kind: 'content', file }]
}

/** A directory may be reached through a link, as it may when it is made. */
function hasType(expected: ExpectedPlace, found: PathState): boolean {
  if (expected.kind === 'file') return found.type === 'f'
  if (expected.kind === 'symlink') return found.type === 'l'
  return found.type === 'd' || (found.type === 'l' && found.leadsTo === 'd')
}

function judgePermissions(
  expected: ExpectedPlace & Permissions,
  found: PathState,
  answers: Answers,
  ignore: IgnoreRules,
): Suspicion[] {
  if (ignore.permissions === true) return []
  const { users, groups } = answers
  const { mode, group } = expected
  const owner = expected.owner ?? (expected.kind === 'file' ? actorAt(expected.path, answers) : null)
  const wrong = [
    ...(mode === null || mode === found.mode ? [] : [`mode ${found.mode}, not ${mode}`]),
    ...judgeName('owner', owner, found.uid, users),
    ...judgeName('group', group, found.gid, groups),
  ]
  return wrong.length === 0
    ? []
    : [{ title: expected.path, kind: 'permissions', reason: `has ${wrong.join(', ')}` }]
}

/** Null where nobody may act. */
function actorAt(path: string, { actor, actors }: Answers): string | null {
  return actors.has(path) ? (actors.get(path) ?? null) : actor
}

function judgeName(
  what: string,
  wanted: string | null,
  number: string,
  names: ReadonlyMap<string, string>,
): string[] {
  if (wanted === null || wanted === number || names.get(wanted) === number) return []
  return [`${what} ${nameIn(names, number)}, not ${nameIn(names, wanted)}`]
}

function nameIn(names: ReadonlyMap<string, string>, number: string): string {
  return [...names].find(([, own]) => own === number)?.[0] ?? number
}

function judgeRun(title: string, answer: string | undefined): Suspicion[] {
  switch (answer) {
    case 'stays':
      return []
    case 'runs':
      return [{ title, kind: 'command', reason: `would run: ${title}` }]
    case 'cannot':
      return [{ title, kind: 'unknown', reason: 'its guard cannot run' }]
    default:
      return [{ title, kind: 'unknown', reason: 'the server did not say' }]
  }
}

const wantedName = { file: 'a file', directory: 'a directory', symlink: 'a link' }

const names: Readonly<Record<string, string>> = {
  f: 'a file',
  d: 'a directory',
  l: 'a link',
  p: 'a pipe',
  s: 'a socket',
  b: 'a device',
  c: 'a device',
}

function nameOf({ type, target }: PathState): string {
  return type === 'l' ? `a link to ${target}` : (names[type] ?? 'something else')
}

export type Condition =
  | { state: 'in-sync' }
  | { state: 'drifted' | 'missing' | 'unknown'; differences: readonly Difference[] }

/** What an object's differences come to. Pure. */
export function verdictFor(expectation: Expectation, differences: readonly Difference[]): Condition {
  if (differences.length === 0) return { state: 'in-sync' }
  if (differences.every(({ kind }) => kind === 'unknown')) return { state: 'unknown', differences }
  const wanted = expectation.places.filter(({ kind }) => kind !== 'absent')
  const missing = differences.filter(({ kind }) => kind === 'missing')
  const state = wanted.length > 0 && missing.length === wanted.length ? 'missing' : 'drifted'
  return { state, differences }
}
