import { randomUUID } from 'node:crypto'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { isOrchestraError, withHint } from '../errors.ts'
import { Hearing, telling } from '../logs/index.ts'
import { patienceOf } from '../manager/patience.ts'
import { type Verdict, verdictOf } from '../manager/verdict.ts'
import type { JobEnd, Methods, ServerTarget } from '../methods/index.ts'
import { type Questions, renderInspection } from '../script/inspect.ts'
import { type Answers, createInspectionParser } from '../script/inspection-answers.ts'

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
  const timeouts = { ...config.worker.timeouts, ...backend.timeouts }
  const patience = patienceOf(timeouts)
  const { text, token } = renderInspection({ runId, backend: backend.name, fence, patience, questions })
  const parser = createInspectionParser(token, onFound)
  const hearing = new Hearing()
  const end = await orTooLarge(
    methods.for(target).run(target, {
      runId,
      script: Buffer.from(text),
      interpreter: null,
      user: backend.user ?? null,
      timeouts,
      signal,
      onStart: () => undefined,
      onOutput: (stream, bytes) => {
        if (stream === 'stderr') hearing.take(bytes)
        else {
          parser.push(bytes)
          return room?.()
        }
      },
    }),
  )
  if (end.kind === 'broken') return end
  const answers = parser.end()
  const said = telling(hearing.heard()) ?? ''
  if (answers.whole) return { kind: 'answered', answers, said }
  return replyTo(verdictOf(end, said))
}

/** A job that was ended because of what the server answers is an answer that broke off. */
async function orTooLarge(job: Promise<JobEnd>): Promise<JobEnd | Extract<Reply, { kind: 'broken' }>> {
  try {
    return await job
  } catch (error) {
    if (isOrchestraError(error) && error.code === 'ORC_ANSWER_TOO_LARGE')
      return { kind: 'broken', reason: withHint(error) }
    throw error
  }
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
