import { type LastKnown, unknownText } from '../generation/index.ts'
import type { Outcome } from '../operations/outcome.ts'

/** What an operation that has not ended, or was cancelled, waits for; `text` says it to people. */
export interface WaitsFor {
  kind: WaitKind
  text: string
}

export type WaitKind =
  /** Its script runs now. */
  | 'running'
  | 'paused'
  | 'server-held'
  | 'route-disabled'
  /** Its object has to stand elsewhere first, or data is on its way there. */
  | 'move'
  /** Another object of the same name has to be removed there first. */
  | 'name'
  /** No worker that lives has its backend. */
  | 'configuration'
  /** The server does not answer, or its host key is not approved. */
  | 'server-blocked'
  /** The object cannot be loaded, is invalid, or its routes cannot be told. */
  | 'object'
  /** It failed and rests until its next try. */
  | 'retry'
  /** Somebody cancelled it, and its object differs for that. */
  | 'cancelled'
  | 'no-worker'
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
  /** Servers on which the object must stand first and does not. */
  gateServers: string[]
  /** The server that data of it is on its way to. */
  transferTo: string | null
  /** The object that is still to be removed and goes by the same name there. */
  nameHolder: string | null
  /** Whether its removal waits or runs; it does neither when somebody cancelled it. */
  nameHolderLeaves: boolean
  pausedBy: string | null
  pausedReason: string | null
  serverHeldBy: string | null
  serverHeldReason: string | null
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
  return waitsForPerson(facts) ?? waitsForMove(facts) ?? waitsForServer(facts)
}

function waitsForPerson(facts: WaitFacts): WaitsFor | undefined {
  if (facts.pausedBy !== null) {
    return { kind: 'paused', text: `everything is paused by ${facts.pausedBy}${because(facts.pausedReason)}` }
  }
  if (facts.serverHeldBy !== null) {
    const text = `server ${facts.server} is held by ${facts.serverHeldBy}${because(facts.serverHeldReason)}`
    return { kind: 'server-held', text }
  }
  if (!facts.held) return undefined
  const [first, ...others] = facts.heldRoutes
  if (first === undefined) return { kind: 'route-disabled', text: 'only disabled routes lead there' }
  const text =
    others.length === 0 ? `route ${first} is disabled` : `routes ${facts.heldRoutes.join(', ')} are disabled`
  return { kind: 'route-disabled', text }
}

function waitsForMove({
  gateServers,
  transferTo,
  nameHolder,
  nameHolderLeaves,
}: WaitFacts): WaitsFor | undefined {
  if (nameHolder !== null) {
    const help = nameHolderLeaves
      ? ''
      : `, and that was cancelled: ask for it with \`orchestra retry ${nameHolder}\``
    const text = `${nameHolder}, which goes by the same name there, is still to be removed${help}`
    return { kind: 'name', text }
  }
  if (gateServers.length > 0)
    return { kind: 'move', text: `it stays until the object stands on ${gateServers.join(' and ')}` }
  if (transferTo === null) return undefined
  return { kind: 'move', text: `it stays until its data has arrived on ${transferTo}` }
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
  if (facts.isUnknown) return waitsForConfiguration(facts)
  if (facts.nextTry !== null) return { kind: 'retry', text: withRetry(facts.error ?? 'it failed', facts) }
  if (!facts.hasWorker) return { kind: 'no-worker', text: 'no worker runs: start one with `orchestra up`' }
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
