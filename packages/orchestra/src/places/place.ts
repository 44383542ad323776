/**
 * One place: one object, one backend, one server. What is wanted there stands beside what stands there; where the two differ by
 * generation there is work. Everything here is a value, and every change of it is a function in this folder: the model check explores
 * these functions, and nothing else knows the rules.
 */
export interface Place {
  readonly object: string
  readonly server: string
  /** The number of the decision that wanted this; of two decisions about anything, the later has the higher. */
  readonly generation: number
  readonly want: Want
  /** What a run is at, written before its first byte is sent; decisions never touch it. */
  readonly trying: Trying | null
  /** What a run has last brought about, whole. */
  readonly stands: Standing | null
  /** Every name under which something of the object is on the server, or may be. */
  readonly names: readonly Name[]
  /** Whose data counts: this copy's, another's which comes here, or another's where this copy's went. */
  readonly data: 'own' | 'awaits' | 'gone'
  /** Tries of this generation that failed. */
  readonly attempt: number
  /** Not before this time, in milliseconds since 1970. */
  readonly due: number
  /** The generation that a person cancelled; 0 for none. */
  readonly stopped: number
  readonly isProtected: boolean
  /** Given up by a person while a run was at it: the row goes when the run is settled. */
  readonly isForgotten: boolean
  /** The number of the decision that first wanted this name here: who asked before goes first. */
  readonly claim: number
}

export type Want =
  | {
      readonly kind: 'stand'
      readonly identity: string
      readonly revision: string
      /** Another one where a key was given to another object: what stands of the former goes before anything is made. */
      readonly incarnation: number
    }
  /** `remove`: gone, or elsewhere now. `migrate`: its data first. `keep`: stays, and is shown. */
  | { readonly kind: 'leave'; readonly policy: 'remove' | 'migrate' | 'keep' }

export interface Name {
  readonly identity: string
  /** `maybe`: a run began that makes or removes it, and did not tell its end. `left`: it stays there by policy. */
  readonly state: 'stands' | 'maybe' | 'left'
  readonly incarnation: number
}

export interface Standing {
  readonly generation: number
  readonly identity: string
}

export interface Trying {
  readonly run: number
  readonly generation: number
  readonly step: Deed
  /** As it was before: what comes back where nothing was done. */
  readonly before: Pick<Place, 'names' | 'stands'>
}

/** What one block of a script does for one place. */
export type Deed =
  | {
      readonly do: 'make'
      readonly identity: string
      readonly incarnation: number
      /** The object that left something under this name, which is replaced. */
      readonly over: string | null
    }
  | {
      readonly do: 'rename'
      readonly from: readonly string[]
      readonly identity: string
      readonly incarnation: number
      readonly over: string | null
      /** Objects whose names go round: all of them move in one script, over names of nobody. */
      readonly circle: readonly string[]
    }
  /** Its names go round with those of others: it goes by a name of nobody meanwhile, and so the others can move. */
  | {
      readonly do: 'park'
      readonly from: readonly string[]
      readonly identity: string
      readonly incarnation: number
    }
  | { readonly do: 'remove'; readonly names: readonly string[] }
  /** Data of another server's copy comes here and counts from then on. */
  | { readonly do: 'receive'; readonly from: string; readonly generation: number }
  /** Finds out which of the names that may be there are. */
  | { readonly do: 'look'; readonly names: readonly string[] }

export type Next =
  | Deed
  | { readonly do: 'nothing' }
  /** A run began and nobody knows how it ended: the server is asked. */
  | { readonly do: 'ask'; readonly run: number }
  | { readonly do: 'wait'; readonly for: Wait }

export type Wait =
  | { readonly kind: 'time'; readonly until: number }
  | { readonly kind: 'person'; readonly why: Question }
  | { readonly kind: 'protection' }
  /** Another object has the name, or asked for it before. */
  | { readonly kind: 'name'; readonly identity: string; readonly object: string }
  /** The object does not stand yet where it belongs now. */
  | { readonly kind: 'place'; readonly server: string }
  /** Its data is on its way, or has to go first. */
  | { readonly kind: 'data'; readonly server: string }

/** What only a person can decide. */
export type Question =
  | 'cancelled'
  | 'rename refused'
  | 'copies with data'
  | 'nowhere to go'
  | 'left by another'
  | 'names go round'

/** How a backend wants to be treated. */
export interface Rules {
  readonly onMove: 'remove' | 'migrate' | 'keep'
  /** `move`: the backend renames what is there. */
  readonly onRename: 'move' | 'replace' | 'keep' | 'refuse'
  /**
   * Where names go round: `turn` replaces all of them in one script, `park` moves one of the objects over a name of nobody, and
   * `ask` can do neither.
   */
  readonly onCircle: 'turn' | 'park' | 'ask'
}

/** Places that bear on one: of its object on other servers, and of other objects on its server. */
export interface Around {
  readonly siblings: readonly Place[]
  readonly rivals: readonly Place[]
}

/** Under these names something of ours is or may be; what was left is not worked on. */
export function held(place: Place): readonly Name[] {
  return place.names.filter((name) => name.state !== 'left')
}

const PARKED = 'parked:'

/** The name of nobody by which an object goes while its own is not free yet. */
export function parkedName(object: string): string {
  return `${PARKED}${object}`
}

export function isParked(identity: string): boolean {
  return identity.startsWith(PARKED)
}

export function nameOf(place: Place, identity: string): Name | undefined {
  return place.names.find((name) => name.identity === identity)
}

export function isReached(place: Place): boolean {
  return place.want.kind === 'stand' && place.stands?.generation === place.generation
}

/** Whether something is being done there, or it is not known what came of it. */
export function isInDoubt({ trying, names }: Place): boolean {
  return trying !== null || names.some(({ state }) => state === 'maybe')
}
