import { randomUUID } from 'node:crypto'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { Hearing, telling } from '../logs/index.ts'
import { type ErrandEnd, type ErrandReader, runErrand } from '../methods/errand.ts'
import type { Methods, ServerTarget } from '../methods/index.ts'
import type { Verdict } from '../methods/verdict.ts'
import { patienceOf } from '../recording/patience.ts'
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
  listing: Listing = {},
): Promise<Reply> {
  const runId = randomUUID()
  const timeouts = { ...config.worker.timeouts, ...backend.timeouts }
  const patience = patienceOf(timeouts)
  const { text, token } = renderInspection({ runId, backend: backend.name, fence, patience, questions })
  const end = await runErrand(methods, target, {
    runId,
    text,
    user: backend.user ?? null,
    timeouts,
    signal,
    reader: readAnswers(token, listing),
  })
  return replyTo(end)
}

/** Commands say on stderr what they complain of; the answers are on stdout alone. */
function readAnswers(token: string, { onFound, room }: Listing): ErrandReader<Answers> {
  const parser = createInspectionParser(token, onFound)
  const hearing = new Hearing()
  return {
    push(stream, bytes) {
      if (stream === 'stderr') return hearing.take(bytes)
      parser.push(bytes)
      return room?.()
    },
    end() {
      const answers = parser.end()
      return { answer: answers.whole ? answers : null, said: telling(hearing.heard()) ?? '' }
    },
  }
}

function replyTo(end: ErrandEnd<Answers>): Reply {
  switch (end.kind) {
    case 'answered':
      return { kind: 'answered', answers: end.answer, said: end.said }
    case 'broken-off':
      return { kind: 'broken', reason: 'the script that looks at the server broke off' }
    case 'too-large':
      return { kind: 'broken', reason: end.reason }
    default:
      return end
  }
}
