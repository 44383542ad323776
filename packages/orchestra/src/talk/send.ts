import { persist } from '../logs/persist.ts'
import type { Job, Methods, ServerTarget } from '../methods/index.ts'
import { type Verdict, verdictOf } from '../methods/verdict.ts'
import { recordPresentedKey } from '../server/index.ts'
import type { Store } from '../store/index.ts'

/** A script, and how it is to be run. */
export interface Message extends Omit<Job, 'script' | 'interpreter' | 'onStart' | 'onOutput'> {
  text: string
  onStart?: Job['onStart']
  /** Where a host key that is not the approved one is kept, for somebody to approve. */
  noting?: { store: Store; serverId: number }
}

/** Takes what a script prints; how much of it is kept is its own matter. */
export interface AnswerReader<Answer> {
  push: Job['onOutput']
  /** The streams have ended. `exit`: the script's status; null where it has none. */
  end(exit: number | null): Reading<Answer>
}

export interface Reading<Answer> {
  /** Null where it did not come whole. */
  answer: Answer | null
  /** What was said last, for people. */
  said: string
}

/** What came of a script. */
export interface Exchange<Answer> extends Reading<Answer> {
  verdict: Verdict
  exit: number | null
}

/** Sends a script to a server, and reads what it prints. */
export async function send<Answer>(
  methods: Methods,
  target: ServerTarget,
  { text, noting, onStart = () => undefined, ...job }: Message,
  reader: AnswerReader<Answer>,
): Promise<Exchange<Answer>> {
  const end = await methods.for(target).run(target, {
    ...job,
    script: Buffer.from(text),
    interpreter: null,
    onStart,
    onOutput: (stream, bytes) => reader.push(stream, bytes),
  })
  if (end.kind === 'host-key' && noting !== undefined)
    await persist(job.signal, () => recordPresentedKey(noting.store, noting.serverId, end.presented))
  const exit = end.kind === 'exited' ? end.code : null
  const heard = reader.end(exit)
  return { ...heard, exit, verdict: verdictOf(end, heard.said) }
}
