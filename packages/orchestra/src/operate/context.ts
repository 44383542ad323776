import type { Config } from '../config/config.ts'
import type { Progress } from '../key/index.ts'
import type { Methods } from '../methods/index.ts'
import type { Store } from '../store/index.ts'

/** Who acts. `claimed` is a name that nobody checked: whoever runs the command may give any by `--by`. */
export interface Principal {
  kind: 'os-user' | 'claimed'
  name: string
}

/** By which face a verb was asked for; what it starts is noted as coming from there. */
export type Face = 'cli' | 'function'

/** `refused`: nobody is there who can agree, or who is there does not. */
export type Agreement = 'given' | 'refused'

/** What a verb tells beside its answer, while it works. */
export type News =
  /** Objects that a change of routes was tried on so far. */
  | { kind: 'tried'; objects: number }
  | { kind: 'rotating'; progress: Progress }
  /** What may not be meant. */
  | { kind: 'warning'; text: string }
  /** What the answer says nothing about, and why. */
  | { kind: 'left-out'; text: string }
  /** A server, or one user there, that gave no answer. */
  | { kind: 'unanswered'; server: string; reason: string }

/** What a verb works with: whoever asks for one brings it. */
export interface Context<Question = never> {
  store: Store
  config: Config
  principal: Principal
  face: Face
  /** Ways to servers; closed by the verb that opened them. */
  methods: () => Methods
  /** Asks whoever asked before something is done that cannot be taken back. */
  agree: (question: Question) => Promise<Agreement>
  tell: (news: News) => void
  /** Ends what lasts. */
  signal: AbortSignal
}

/** Opens ways to servers for as long as `work` lasts. */
export async function withMethods<Value>(
  { methods: open }: Pick<Context, 'methods'>,
  work: (methods: Methods) => Promise<Value>,
): Promise<Value> {
  const methods = open()
  try {
    return await work(methods)
  } finally {
    await methods.close()
  }
}
