import type { Backend } from '../config/backend.ts'
import { isParked } from '../places/index.ts'
import {
  type Claim,
  claimsOf,
  type Ownership,
  type Recording,
  type Right,
  recordOperation,
  type SharedOwnership,
  type Standing,
} from '../script/index.ts'
import { formerOf } from './renaming.ts'

/** An object as it is called on a server. */
export interface NamedObject {
  /** Null where nobody can tell. */
  identity: string | null
  /** As `model:key`, where what stands is to tell whose it is. */
  owner?: string
  object: Record<string, unknown>
}

/** An operation as far as what it may touch depends on it. */
export interface Owning {
  backend: Backend
  action: string
  current: NamedObject
  /** Its steps. */
  recording: Recording
  /** The same without what a rename adds. */
  lasting: Recording
  /** The object under the other names that it goes by there. */
  previous: readonly NamedObject[]
  /** What stands there by the store and was never marked. */
  unmarked: readonly NamedObject[]
}

/** What an operation may touch on its server, and what it gives up. Pure. */
export function ownershipOf(owning: Owning): Ownership {
  const { backend, action, current, previous, unmarked } = owning
  const trusted = unmarked.map((one): Right => ({ kind: 'trusted', standing: standingOf(backend, one) }))
  if (action === 'delete')
    return { rights: [...trusted, ...removals(owning)], disown: namesOf(current, ...previous) }
  if (formerOf(backend) === 'left' || action !== 'save')
    return { rights: [...trusted, makes(owning, [])], disown: [] }
  const former = previous.map((one) => standingOf(backend, one))
  const changes = former.map((standing): Right => ({ kind: 'changes', standing: withoutPlaces(standing) }))
  return { rights: [...trusted, ...changes, makes(owning, former)], disown: namesOf(...previous) }
}

/** Of what is pruned nothing is known but its name. */
export function ownershipOfPruned(backend: Backend, identity: string, recording: Recording): Ownership {
  const standing = { identity, exists: existsOf(backend, identity), claims: claimsOf(recording) }
  return { rights: [{ kind: 'removes', standing: withoutPlaces(standing) }], disown: [identity] }
}

/** What all objects of a backend share. */
export function sharedOf(
  recordings: readonly (Recording | undefined)[],
  kind: SharedOwnership['kind'] = 'makes',
): SharedOwnership {
  return { claims: claimsOf(...recordings.filter((recording) => recording !== undefined)), kind }
}

/** All that stands of an object, by what makes it and what removes it. */
export function standingOf(backend: Backend, { identity, object, owner }: NamedObject): Standing {
  const recordings = ['save', 'delete'].flatMap((action) => recorded(backend, action, object))
  return { identity, exists: existsOf(backend, identity), claims: claimsOf(...recordings), ...ownedBy(owner) }
}

/** What is removed with an object is its own from the beginning. What a rename needs under the former names is theirs. */
function makes({ backend, current, recording, lasting }: Owning, former: readonly Standing[]): Right {
  const { identity, object, owner } = current
  const theirs = new Set(former.flatMap(({ claims }) => claims).map(nameOf))
  const own = claimsOf(lasting, ...recorded(backend, 'delete', object))
  const known = new Set(own.map(nameOf))
  const others = claimsOf(recording).filter(
    (claim) => !theirs.has(nameOf(claim)) && !known.has(nameOf(claim)),
  )
  return {
    kind: 'makes',
    standing: {
      identity,
      exists: existsOf(backend, identity),
      claims: [...own, ...others],
      ...ownedBy(owner),
    },
  }
}

function ownedBy(owner: string | undefined): Pick<Standing, 'owner'> {
  return owner === undefined ? {} : { owner }
}

function removals({ backend, current, previous }: Owning): Right[] {
  return [...previous, current].map((one) => ({
    kind: 'removes',
    standing: withoutPlaces(standingOf(backend, one)),
  }))
}

/** A directory that somebody else made is no matter when nothing is to be made in it. */
function withoutPlaces(standing: Standing): Standing {
  return { ...standing, claims: standing.claims.filter(({ kind }) => kind !== 'directory') }
}

function recorded(
  backend: Backend,
  action: 'save' | 'delete' | string,
  object: NamedObject['object'],
): Recording[] {
  const isDefined = (action === 'save' ? backend.save : backend.delete) !== undefined
  return isDefined ? [recordOperation(backend, action, object as never)] : []
}

function existsOf({ exists }: Backend, identity: string | null): Standing['exists'] {
  return exists === undefined || identity === null || isParked(identity) ? null : exists(identity).rendered
}

function nameOf(claim: Claim): string {
  return claim.kind === 'thing' ? `@${claim.name}` : claim.path
}

function namesOf(...objects: readonly NamedObject[]): string[] {
  return objects.flatMap(({ identity }) => (identity === null ? [] : [identity]))
}
