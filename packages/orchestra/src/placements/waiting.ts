import { type LastKnown, unknownText } from '../generation/index.ts'
import type { Outcome } from '../operations/outcome.ts'
import { type Chain, type Said, sayWait, type Wait } from '../places/index.ts'

/** What an operation that has not ended, or was cancelled, waits for; `text` says it to people. */
export interface WaitsFor {
  kind: WaitKind
  text: string
}

export type WaitKind =
  /** What `next` answers: a move, a name, a protection, a person, or the time of the next try. */
  | Said['kind']
  /** Its script runs now. */
  | 'running'
  | 'paused'
  | 'server-held'
  | 'route-disabled'
  /** No worker that lives has its backend. */
  | 'configuration'
  /** The server does not answer, or its host key is not approved. */
  | 'server-blocked'
  /** The object cannot be loaded, is invalid, or its routes cannot be told. */
  | 'object'
  /** Somebody cancelled it, and its object differs for that. */
  | 'cancelled'
  | 'no-worker'
  /** What it is to be done to failed, and is tried again before. */
  | 'change'
  /** Next in its lane. */
  | 'turn'

/** All that may keep an operation waiting, as the store has it. */
export interface WaitFacts {
  object: string
  backend: string | null
  state: 'waiting' | 'running' | 'done' | 'superseded'
  /** Who cancelled it, while its object differs for that. */
  cancelledBy: string | null
  server: string | null
  outcome: Outcome | null
  error: string | null
  attempt: number
  nextTry: string | null
  /** Only disabled routes lead there. */
  held: boolean
  /** Their numbers. */
  heldRoutes: number[]
  /** What its place waits for. */
  wait: Wait | null
  /** The server that the wait is about. */
  waitServer: string | null
  /** Who has the name that it waits for. */
  chain: Chain
  /** What was wanted there before runs now. */
  isTried: boolean
  /** What is there is of another object, that had the key before. */
  isReplacing: boolean
  /** An action of its own, whose object does not stand yet as it is wanted: that failed. */
  isBehind: boolean
  pausedBy: string | null
  pausedReason: string | null
  serverHeldBy: string | null
  serverHeldReason: string | null
  /** ISO 8601. */
  serverHeldUntil: string | null
  blockedReason: string | null
  blockedSince: string | null
  blockedUntil: string | null
  hasWorker: boolean
  /** No worker that lives has its backend, and who had it last. */
  isUnknown: boolean
  lastKnown: LastKnown | null
}

/** The strongest reason first: what must be lifted before any other matters. Null when the operation has ended for good. */
export function waitsFor(facts: WaitFacts): WaitsFor | null {
  if (facts.state === 'running') return { kind: 'running', text: 'its script runs now' }
  if (facts.cancelledBy !== null) {
    const help = `ask for it with \`orchestra retry ${facts.object}\``
    return { kind: 'cancelled', text: `cancelled by ${facts.cancelledBy}: ${help}` }
  }
  if (facts.state !== 'waiting') return null
  if (facts.server === null)
    return { kind: 'object', text: withRetry(facts.error ?? 'the object cannot be read', facts) }
  return (
    waitsForPerson(facts) ??
    (facts.isUnknown ? waitsForConfiguration(facts) : (waitsForPlace(facts) ?? waitsForServer(facts)))
  )
}

function waitsForPerson(facts: WaitFacts): WaitsFor | undefined {
  if (facts.pausedBy !== null) {
    return { kind: 'paused', text: `everything is paused by ${facts.pausedBy}${because(facts.pausedReason)}` }
  }
  if (facts.serverHeldBy !== null) {
    const until = facts.serverHeldUntil === null ? '' : ` until ${facts.serverHeldUntil}`
    const text = `server ${facts.server} is held by ${facts.serverHeldBy}${until}${because(facts.serverHeldReason)}`
    return { kind: 'server-held', text }
  }
  if (!facts.held) return undefined
  const [first, ...others] = facts.heldRoutes
  if (first === undefined) return { kind: 'route-disabled', text: 'only disabled routes lead there' }
  const text =
    others.length === 0 ? `route ${first} is disabled` : `routes ${facts.heldRoutes.join(', ')} are disabled`
  return { kind: 'route-disabled', text }
}

/** That its time has not come is said beside its error. */
function waitsForPlace({ wait, waitServer, chain }: WaitFacts): WaitsFor | undefined {
  if (wait === null || wait.kind === 'time') return undefined
  return sayWait(wait, (server) => waitServer ?? server, chain)
}

function waitsForServer(facts: WaitFacts): WaitsFor {
  if (facts.blockedReason !== null) {
    const next = facts.blockedUntil === null ? '' : `, next try ${facts.blockedUntil}`
    const since = facts.blockedSince === null ? '' : ` since ${facts.blockedSince}`
    return {
      kind: 'server-blocked',
      text: `server ${facts.server} is blocked${since}: ${facts.blockedReason}${next}`,
    }
  }
  if (facts.nextTry !== null) return { kind: 'retry', text: withRetry(facts.error ?? 'it failed', facts) }
  if (!facts.hasWorker) return { kind: 'no-worker', text: 'no worker runs: start one with `orchestra up`' }
  if (facts.isBehind)
    return { kind: 'change', text: 'the change before it failed: it is done once that is through' }
  if (facts.isTried) return { kind: 'turn', text: 'what was wanted there before is settled first' }
  if (facts.isReplacing)
    return { kind: 'turn', text: 'its key was used before: what that object left there goes first' }
  return { kind: 'turn', text: 'it is next in its lane' }
}

function waitsForConfiguration({ object, backend, lastKnown }: WaitFacts): WaitsFor {
  const who = unknownText('backend', backend ?? '', lastKnown)
  const help = `define it again, or give up what it placed: \`orchestra forget ${object} --backend ${backend}\``
  return { kind: 'configuration', text: `it waits for ${who}: ${help}` }
}

function withRetry(reason: string, { attempt, nextTry }: WaitFacts): string {
  return nextTry === null ? reason : `${reason} (attempt ${attempt}, next try ${nextTry})`
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : `: ${reason}`
}
