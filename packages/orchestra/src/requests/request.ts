/** How far a request is. `unknown`: its worker was lost in the middle, and it may have been done or not. */
export const requestStates = [
  'waiting',
  'running',
  'done',
  'failed',
  'cancelled',
  'expired',
  'unknown',
] as const

export type RequestState = (typeof requestStates)[number]

/** Who asked, as far as it is known later by it what he may. */
export type Asker =
  | { kind: 'os-user' | 'claimed' | 'loopback'; name: string }
  | AskerKnown
  /** An application says for each request what its people may, and cannot be asked again: what it said holds until this one is done. */
  | { kind: 'application'; name: string; said: Said }

interface Said
  extends Readonly<
    Partial<Record<'servers' | 'backends' | 'models' | 'actions', readonly string[] | undefined>>
  > {
  name: string
  role: string
}

/** He is looked up again: by the session or the token that he came by, and from where. */
export interface AskerKnown {
  kind: 'user' | 'token'
  name: string
  accountId: number | null
  /** Null where a proxy in front said who he is. */
  by: number | null
  address: string
}

/** What is to be done in somebody's name. */
export interface RequestedWork {
  id: number
  verb: string
  input: unknown
  agrees: boolean
  asker: Asker
  /** The versions of which what it is about has to be one; nothing for any. */
  versions?: readonly string[] | null | undefined
}

/** Why a request has not ended: no worker that does requests lives, others are before it, its worker is silent, it is being ended. */
export type Hindrance = 'no-worker' | 'queued' | 'worker-silent' | 'cancelling'

/** What went wrong, as the error that it is. */
export interface RequestFailure {
  code: string
  message: string
  hint: string | null
  /** Nobody agreed to it. */
  refused?: true
  /** Of a stale plan: what is otherwise now. */
  moved?: readonly unknown[]
}

/** A request without its answer. Times are ISO 8601. */
export interface RequestSummary {
  id: number
  verb: string
  by: string
  state: RequestState
  reason: Hindrance | null
  /** How far it said last that it is. */
  progress: unknown
  createdAt: string
  expiresAt: string
  startedAt: string | null
  endedAt: string | null
}

export interface RequestView extends RequestSummary {
  /** What it told beside its answer: servers that did not answer, what may not be meant. */
  notes: unknown[]
  /** What the command prints with `--json`; null until it is done. */
  result: unknown
  error: RequestFailure | null
}

/** Minutes in which a request is begun or not at all: what is done much later may be meant no more. */
export const WAITS_MINUTES = 15
/** Hours that an ended request can be asked for. */
export const KEPT_HOURS = 24
/** Open requests of one who asks. */
export const MOST_OPEN = 50
/** Characters of an answer that are kept. */
export const LONGEST_RESULT = 32_000_000

export function hasEnded({ state }: Pick<RequestSummary, 'state'>): boolean {
  return state !== 'waiting' && state !== 'running'
}

/** Whose a request is: a user whatever session he has, a token, a name at the machine. */
export function keyOf(
  asker: Pick<AskerKnown, 'accountId' | 'by' | 'kind'> | Pick<Asker, 'kind' | 'name'>,
): string {
  if ('by' in asker) return asker.kind === 'user' ? `user:${asker.accountId}` : `token:${asker.by}`
  return `${asker.kind}:${asker.name}`
}
