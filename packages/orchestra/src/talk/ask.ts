import { isOrchestraError, type OrchestraError } from '../errors.ts'
import type { Methods, ServerTarget } from '../methods/index.ts'
import type { Verdict } from '../methods/verdict.ts'
import { type AnswerReader, type Exchange, type Message, send } from './send.ts'

/** What a server answers to a script that no operation is in: it looks, marks what is there, or searches. */
export type Reply<Answer> =
  | { kind: 'answered'; answer: Answer; said: string }
  /** It ran, and broke off. */
  | (Omit<Extract<Verdict, { kind: 'ran' }>, 'kind'> & { kind: 'broken-off'; said: string })
  /** It said more than is read. */
  | { kind: 'too-large'; error: OrchestraError }
  /** Also where the connection was lost: nobody depends on what such a script did. */
  | Extract<Verdict, { kind: 'blocked' | 'fenced' | 'cancelled' }>

/** Sends a script for what it answers. */
export async function ask<Answer>(
  methods: Methods,
  target: ServerTarget,
  message: Message,
  reader: AnswerReader<Answer>,
): Promise<Reply<Answer>> {
  try {
    return replyOf(await send(methods, target, message, reader))
  } catch (error) {
    if (isOrchestraError(error) && error.code === 'ORC_ANSWER_TOO_LARGE') return { kind: 'too-large', error }
    throw error
  }
}

function replyOf<Answer>({ answer, verdict, said }: Exchange<Answer>): Reply<Answer> {
  if (answer !== null) return { kind: 'answered', answer, said }
  switch (verdict.kind) {
    case 'ran':
      return { ...verdict, kind: 'broken-off', said }
    case 'unknown':
      return { kind: 'blocked', outcome: 'unreachable', by: 'network', reason: verdict.reason }
    default:
      return verdict
  }
}
