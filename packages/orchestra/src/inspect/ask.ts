import { randomUUID } from 'node:crypto'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { type Verdict, verdictOf } from '../manager/verdict.ts'
import type { Methods, ServerTarget } from '../methods/index.ts'
import { type Questions, renderInspection } from '../script/inspect.ts'
import { type Answers, createInspectionParser } from '../script/inspection-answers.ts'

const LONGEST_SAYING = 300

/** A server that is looked at for one backend. */
export interface Inspected {
  config: Config
  methods: Methods
  target: ServerTarget
  backend: Backend
  /** Of the lane's owner; a server that has seen a higher one does not answer. */
  fence: number
  signal: AbortSignal
}

/** What came of asking. */
export type Reply =
  | { kind: 'answered'; answers: Answers; said: string }
  | Extract<Verdict, { kind: 'blocked' | 'fenced' | 'cancelled' }>
  /** The server was reached and its answer did not come whole. */
  | { kind: 'broken'; reason: string }

/** What takes listed identities as they come. */
export interface Listing {
  onFound?: (identity: string) => void
  /** A promise holds the server back until it resolves. */
  room?: () => Promise<void> | undefined
}

/** Puts questions to a server in one script. Nothing changes there, so a connection that is lost may be tried again at once. */
export async function ask(
  { config, methods, target, backend, fence, signal }: Inspected,
  questions: Questions,
  { onFound, room }: Listing = {},
): Promise<Reply> {
  const runId = randomUUID()
  const { text, token } = renderInspection({ runId, backend: backend.name, fence, questions })
  const parser = createInspectionParser(token, onFound)
  let said = ''
  const end = await methods.for(target).run(target, {
    runId,
    script: Buffer.from(text),
    interpreter: null,
    user: backend.user ?? null,
    timeouts: { ...config.worker.timeouts, ...backend.timeouts },
    signal,
    onStart: () => undefined,
    onOutput: (stream, bytes) => {
      if (stream === 'stderr') said = (said + Buffer.from(bytes)).slice(-LONGEST_SAYING)
      else {
        parser.push(bytes)
        return room?.()
      }
    },
  })
  const answers = parser.end()
  if (answers.whole) return { kind: 'answered', answers, said: said.trim() }
  return replyTo(verdictOf(end, said.trim()))
}

function replyTo(verdict: Verdict): Reply {
  switch (verdict.kind) {
    case 'ran':
      return { kind: 'broken', reason: 'the script that looks at the server broke off' }
    case 'unknown':
      return { kind: 'blocked', outcome: 'unreachable', reason: verdict.reason, presentedKey: null }
    default:
      return verdict
  }
}
