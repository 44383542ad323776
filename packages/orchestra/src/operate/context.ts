import type { Actor, Identity, Person, Vouched } from '../access/index.ts'
import type { Config } from '../config/config.ts'
import { type LoadedConfig, storeOptions } from '../config/load.ts'
import type { Progress } from '../key/index.ts'
import type { Methods } from '../methods/index.ts'
import { openStore, type Store } from '../store/index.ts'

/**
 * Who acts. `claimed` is a name that nobody checked: whoever runs the command may give any by `--by`. `loopback` is whoever reaches the
 * API from this machine, where it knows nobody by name. All of them may do everything; who proved who he is may do what he was given.
 */
export type Principal = { kind: 'os-user' | 'claimed' | 'loopback'; name: string } | Identity | Vouched

/** The same for whoever changes who may what. */
export function actorOf(principal: Principal): Actor {
  if (!('grants' in principal)) return { by: principal.name }
  const { name, grants, accountId } = principal
  return { by: name, grants, accountId }
}

/** The one who says yes or no; a token stands for whom it belongs to. */
export function personOf(principal: Principal): Person {
  return 'accountId' in principal
    ? { name: principal.name, accountId: principal.accountId }
    : { name: principal.name }
}

/** By which face a verb was asked for; what it starts is noted as coming from there. */
export type Face = 'cli' | 'function' | 'http'

/** `refused`: nobody is there who can agree, or who is there does not. */
export type Agreement = 'given' | 'refused'

/** What a verb tells beside its answer, while it works. */
export type News =
  /** Objects that a change of routes was tried on so far. */
  | { kind: 'tried'; objects: number }
  | { kind: 'rotating'; progress: Progress }
  /** Of many, so many have an outcome. */
  | { kind: 'ended'; items: number; of: number }
  /** What may not be meant. */
  | { kind: 'warning'; text: string }
  /** What the answer says nothing about, and why. */
  | { kind: 'left-out'; text: string }
  /** A server, or one user there, that gave no answer. */
  | { kind: 'unanswered'; server: string; reason: string }

/** Who asks, and how he is reached meanwhile: whoever asks for a verb brings it. */
export interface Caller<Question = never> {
  principal: Principal
  face: Face
  /** Asks whoever asked before something is done that cannot be taken back. */
  agree: (question: Question) => Promise<Agreement>
  tell: (news: News) => void
  /** From where he asks, where that is elsewhere. */
  address?: string
  /** Ends what lasts. */
  signal: AbortSignal
  /** Where what was tried is noted. */
  store?: Store
}

/** What a verb works with. */
export interface Context<Question = never> extends Caller<Question> {
  store: Store
  config: Config
  /** Ways to servers; closed by the verb that opened them. */
  methods: () => Methods
}

/** What a verb works with that is asked where no store is ready, or none is to stay. */
export interface Ground<Question = never> extends Caller<Question> {
  load: () => Promise<LoadedConfig>
  environment: NodeJS.ProcessEnv
}

/** Opens the database of the configuration for as long as `work` lasts, whatever stands there. */
export async function withDatabase<Value>(
  { load, environment }: Pick<Ground, 'load' | 'environment'>,
  work: (store: Store) => Promise<Value>,
): Promise<Value> {
  const store = await openStore(storeOptions(await load(), environment))
  try {
    return await work(store)
  } finally {
    await store.close()
  }
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
