import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '../secrets/secret.ts'
import { endLine } from './bootstrap.ts'
import { checkRunId } from './names.ts'
import { withPrelude } from './prelude.ts'
import { callOf } from './render-step.ts'
import { join, plain, type Rendered, renderSecret } from './rendered.ts'
import { readShell } from './shell-file.ts'
import type { RunStep } from './steps.ts'

/** What an inspection asks of a server. Every part may be left out. */
export interface Questions {
  /** What stands at these paths. */
  places?: readonly string[]
  /** The same, and digests of those that are regular files. */
  files?: readonly string[]
  /** Names whose numbers are needed. */
  users?: readonly string[]
  groups?: readonly string[]
  /** Whether these commands would run; numbered by their position. */
  runs?: readonly Pick<RunStep, 'unless' | 'onlyIf'>[]
  /** Prints identities, one a line. */
  list?: Rendered
  /** Which of these marks are there. */
  marks?: readonly string[]
  /** Of which objects these marks are. */
  owners?: readonly string[]
  /** The first bytes of files, numbered by their position. */
  contents?: readonly { path: string; bytes: number }[]
  /** Paths at which nothing was seen: may they be looked at? */
  reaches?: readonly string[]
  /** What people should know; numbered by position. */
  reads?: readonly Rendered[]
}

export interface InspectionRequest {
  runId: string
  backend: string
  fence: number
  /** Seconds to wait for a script that runs on the server. */
  lockWait?: number
  /** Seconds that one command may take; default no limit. */
  patience?: number | undefined
  questions: Questions
  /** As in `ScriptRequest`. */
  token?: string
}

/** Bytes of arguments for one process; Linux takes 128 KiB in one and 2 MiB in all, `xargs` splits at 128 KiB. */
const MOST_ARGUMENTS = 100_000

let functions: string | undefined

/** A script that answers questions and changes nothing on the server. Pure: the same request with a token gives the same text. */
export function renderInspection(request: InspectionRequest): { text: string; token: string } {
  const {
    backend,
    fence,
    lockWait = 60,
    patience,
    token = randomBytes(16).toString('hex'),
    questions,
  } = request
  checkRunId(request.runId)
  const mark = renderSecret(new Secret(token, 'output-token'))
  const begin = callOf('o_inspect', plain(backend), plain(String(fence)), plain(String(lockWait)), mark)
  const limit = patience === undefined ? [] : [callOf('o_patient', plain(String(patience)))]
  const body = join([begin, ...limit, ...renderQuestions(questions), plain('o_tell end')], '\n')
  functions ??= readShell('inspect.sh')
  return { text: withPrelude(body.reveal(), endLine(request.runId), [functions]), token }
}

/** What marks an identity as ours: the name of a file on the server. */
export function markOf(identity: string): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 40)
}

function renderQuestions(questions: Questions): Rendered[] {
  const { list, runs = [], contents = [], reaches = [], reads = [] } = questions
  return [
    ...inPortions('o_places', questions.places),
    ...inPortions('o_files', questions.files),
    ...inPortions('o_names passwd', questions.users),
    ...inPortions('o_names group', questions.groups),
    ...runs.map(renderRun),
    ...inPortions('o_marked', questions.marks),
    ...inPortions('o_owners', questions.owners),
    ...contents.map(({ path, bytes }, index) =>
      callOf('o_content', plain(String(index)), plain(String(bytes)), plain(path)),
    ),
    ...reaches.map((path, index) => callOf('o_reach', plain(String(index)), plain(path))),
    ...reads.map((command, index) => callOf('o_read', plain(String(index)), command)),
    ...(list === undefined ? [] : [callOf('o_list', list)]),
  ]
}

function renderRun({ unless, onlyIf }: Pick<RunStep, 'unless' | 'onlyIf'>, index: number): Rendered {
  return callOf(
    'o_would',
    plain(String(index)),
    ...(unless === null ? [] : [plain('unless'), unless]),
    ...(onlyIf === null ? [] : [plain('only_if'), onlyIf]),
  )
}

/** As many calls as keep the arguments of each process within what a process takes. */
function inPortions(call: string, words: readonly string[] = []): Rendered[] {
  const portions: string[][] = []
  let room = 0
  for (const word of words) {
    room -= Buffer.byteLength(word) + 1
    const last = portions.at(-1)
    if (last !== undefined && room >= 0) last.push(word)
    else {
      portions.push([word])
      room = MOST_ARGUMENTS
    }
  }
  return portions.map((portion) => callOf(call, ...portion.map(plain)))
}
