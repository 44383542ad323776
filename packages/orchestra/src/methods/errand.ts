import { isOrchestraError, withHint } from '../errors.ts'
import type { Methods } from './index.ts'
import type { Job, ServerTarget } from './method.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** A script that no operation is in: it looks at a server, marks what is there, or searches. */
export interface Errand<Answer> extends Omit<Job, 'script' | 'interpreter' | 'onStart' | 'onOutput'> {
  text: string
  reader: ErrandReader<Answer>
  onStart?: Job['onStart']
}

/** Takes what an errand prints. */
export interface ErrandReader<Answer> {
  push: Job['onOutput']
  /** The streams have ended: what was answered, null where that did not come whole, and what was said last, for people. */
  end(): { answer: Answer | null; said: string }
}

/** What came of an errand. */
export type ErrandEnd<Answer> =
  | { kind: 'answered'; answer: Answer; said: string }
  /** It ran, and broke off. */
  | { kind: 'broken-off'; reason: string; said: string }
  /** It said more than is read. */
  | { kind: 'too-large'; reason: string }
  /** Also where the connection was lost: nobody depends on what an errand did. */
  | Extract<Verdict, { kind: 'blocked' | 'fenced' | 'cancelled' }>

/** Runs a script beside those of the operations. */
export async function runErrand<Answer>(
  methods: Methods,
  target: ServerTarget,
  { text, reader, onStart = () => undefined, ...job }: Errand<Answer>,
): Promise<ErrandEnd<Answer>> {
  try {
    const end = await methods.for(target).run(target, {
      ...job,
      script: Buffer.from(text),
      interpreter: null,
      onStart,
      onOutput: (stream, bytes) => reader.push(stream, bytes),
    })
    const { answer, said } = reader.end()
    return answer === null ? unanswered(verdictOf(end, said), said) : { kind: 'answered', answer, said }
  } catch (error) {
    if (isOrchestraError(error) && error.code === 'ORC_ANSWER_TOO_LARGE')
      return { kind: 'too-large', reason: withHint(error) }
    throw error
  }
}

function unanswered(verdict: Verdict, said: string): Exclude<ErrandEnd<never>, { kind: 'answered' }> {
  switch (verdict.kind) {
    case 'ran':
      return { kind: 'broken-off', reason: verdict.reason, said }
    case 'unknown':
      return { kind: 'blocked', outcome: 'unreachable', reason: verdict.reason, presentedKey: null }
    default:
      return verdict
  }
}
