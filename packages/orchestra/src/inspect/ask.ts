import { randomUUID } from 'node:crypto'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { withHint } from '../errors.ts'
import { Hearing, telling } from '../logs/index.ts'
import type { Methods, ServerTarget } from '../methods/index.ts'
import type { Verdict } from '../methods/verdict.ts'
import { patienceOf } from '../recording/patience.ts'
import { type Questions, renderInspection } from '../script/inspect.ts'
import { type Answers, createInspectionParser } from '../script/inspection-answers.ts'
import { type AnswerReader, ask as askServer, type Message, mannerOf, type Reply } from '../talk/index.ts'

/** A server that is looked at for one backend. */
export interface Inspected {
  config: Config
  methods: Methods
  target: ServerTarget
  backend: Backend
  /** Of the lane's owner; a server that has seen a higher one does not answer. */
  fence: number
  signal: AbortSignal
  noting?: Message['noting']
}

/** What came of asking. */
export type InspectionReply =
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
  { config, methods, target, backend, fence, signal, noting }: Inspected,
  questions: Questions,
  listing: Listing = {},
): Promise<InspectionReply> {
  const runId = randomUUID()
  const manner = mannerOf(config, backend)
  const patience = patienceOf(manner.timeouts)
  const { text, token } = renderInspection({ runId, backend: backend.name, fence, patience, questions })
  const message = { runId, text, ...manner, signal, ...(noting && { noting }) }
  return replyTo(await askServer(methods, target, message, readAnswers(token, listing)))
}

/** Commands say on stderr what they complain of; the answers are on stdout alone. */
function readAnswers(token: string, { onFound, room }: Listing): AnswerReader<Answers> {
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

function replyTo(end: Reply<Answers>): InspectionReply {
  switch (end.kind) {
    case 'answered':
      return { kind: 'answered', answers: end.answer, said: end.said }
    case 'broken-off':
      return { kind: 'broken', reason: 'the script that looks at the server broke off' }
    case 'too-large':
      return { kind: 'broken', reason: withHint(end.error) }
    default:
      return end
  }
}
