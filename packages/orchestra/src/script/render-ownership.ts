import { markOf } from './inspect.ts'
import { callOf, ownerAndGroup } from './render-step.ts'
import { plain, type Rendered } from './rendered.ts'
import type { Claim } from './steps.ts'

/** A name, and what stands under it. */
export interface Standing {
  /** Null: only the claims tell what it is. */
  identity: string | null
  /** Tells whether something of this name is there; null where the backend's list does, or nothing. */
  exists: Rendered | null
  claims: readonly Claim[]
  /** The object that takes it, as `model:key`; default none in particular. */
  owner?: string
}

/** What an operation is to one name on its server. */
export type Right =
  /** It stands there by the store, since before everything was marked: it is marked without a question. */
  | { kind: 'trusted'; standing: Standing }
  /** It is marked before the first change; what is there and is not marked is not ours. */
  | { kind: 'makes'; standing: Standing }
  /** It changes what stands under a former name: what is there has to be ours. */
  | { kind: 'changes'; standing: Standing }
  /** It removes: what is there has to be ours, and without a mark there is nothing to do. */
  | { kind: 'removes'; standing: Standing }
  /** Marked without a question, because somebody said so. */
  | { kind: 'adopts'; standing: Standing }

/** What an operation may touch, and what it gives up. */
export interface Ownership {
  rights: readonly Right[]
  /** Names that are no longer ours once the operation has succeeded. */
  disown: readonly string[]
}

/** What all objects of a backend share on a server. */
export interface SharedOwnership {
  claims: readonly Claim[]
  /** As of a right: `trusted` where the backend worked there before everything was marked. */
  kind: 'makes' | 'trusted' | 'adopts'
}

/** The name of the mark for what belongs to a backend as a whole. */
const SHARED = 'shared'

const functions: Record<Right['kind'], string> = {
  trusted: 'o_trust',
  makes: 'o_own',
  changes: 'o_former',
  removes: 'o_give_up',
  adopts: 'o_adopt',
}

/** Lines that follow the opening of an operation, before any operation of its batch acts. */
export function renderOwnership({ rights, disown }: Ownership): Rendered[] {
  const given = disown.map((identity) => plain(markOf(identity)))
  return [...rights.flatMap(renderRight), ...(given.length === 0 ? [] : [callOf('o_disown', ...given)])]
}

/** Lines for what belongs to the backend itself, before its `prepare`. */
export function renderShared({ claims, kind }: SharedOwnership): Rendered[] {
  if (claims.length === 0) return []
  const lines = [plain('o_op prepare prepare')]
  if (kind !== 'makes') lines.push(accepting(kind, SHARED, '', claims))
  if (kind !== 'adopts') lines.push(...asking('makes', SHARED, '', claims))
  return [...lines, plain('o_mark_shared')]
}

function renderRight({ kind, standing }: Right): Rendered[] {
  const { identity, claims, exists } = standing
  const owner = ownerWords(standing)
  const mark = identity === null ? '-' : markOf(identity)
  if (kind === 'trusted' || kind === 'adopts') {
    const shared = claims.filter(isShared)
    const own = claims.filter((claim) => !isShared(claim))
    return [
      ...(shared.length === 0 ? [] : [accepting(kind, SHARED, '', shared)]),
      accepting(kind, mark, identity ?? '', own, owner),
    ]
  }
  const question = exists === null ? [] : [callOf('o_exists', exists)]
  return [...question, ...asking(kind, mark, identity ?? '', claims, kind === 'makes' ? owner : [])]
}

/** A word of one length, which tells nothing and needs no quotes. */
function ownerWords({ identity, owner }: Standing): string[] {
  return owner === undefined || identity === null ? [] : [`=${markOf(owner)}`]
}

function accepting(
  kind: 'trusted' | 'adopts',
  mark: string,
  identity: string,
  claims: readonly Claim[],
  owner: readonly string[] = [],
): Rendered {
  return callOf(functions[kind], ...[mark, identity, ...owner, ...claims.map(wordOf)].map(plain))
}

/** Paths are words of the call itself, everything else is said before it. */
function asking(
  kind: 'makes' | 'changes' | 'removes',
  mark: string,
  identity: string,
  claims: readonly Claim[],
  owner: readonly string[] = [],
): Rendered[] {
  const paths = claims.flatMap((claim) => (claim.kind === 'path' ? [claim.path] : []))
  return [
    ...claims.flatMap(renderQuestion),
    callOf(functions[kind], ...[mark, identity, ...owner, ...paths].map(plain)),
  ]
}

function renderQuestion(claim: Claim): Rendered[] {
  switch (claim.kind) {
    case 'path':
      return []
    case 'directory':
      return [callOf('o_place', ...[claim.path, claim.mode ?? '-', ownerAndGroup(claim)].map(plain))]
    case 'thing':
      return [callOf('o_thing', plain(claim.name), claim.exists, ...(claim.shared ? [plain('shared')] : []))]
  }
}

/** How a mark names it. */
function wordOf(claim: Claim): string {
  if (claim.kind === 'thing') return `@${claim.name}`
  return claim.kind === 'directory' ? `${claim.path}/` : claim.path
}

function isShared(claim: Claim): boolean {
  return claim.kind === 'thing' && claim.shared
}
