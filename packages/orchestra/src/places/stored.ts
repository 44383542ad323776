import type { Key } from '../config/model.ts'
import type { Deed, Name, Place, Want } from './place.ts'

/** What names a place in the store. */
export interface PlaceKey {
  model: string
  object_key: string
  backend: string
  server_id: number
}

/** A row of the store, with what it takes to decide about it. */
export interface PlaceRow extends PlaceKey {
  keys: Key
  generation: number
  want: 'stand' | 'leave'
  policy: 'remove' | 'migrate' | 'keep' | null
  want_identity: string | null
  incarnation: number
  claim: number
  operation_id: number | null
  held: boolean
  trying: StoredTrying | null
  stands: number | null
  names: readonly StoredName[]
  data: Place['data']
  attempt: number
  /** Milliseconds since 1970; minus infinity for at once. */
  due: number
  stopped: number
  forgotten: boolean
  /** Since when it waits, in milliseconds since 1970; null when it does not. */
  waited: number | null
  alone: boolean
  /** What was brought about last; of what never was, what is wanted. */
  identity: string
  applied: boolean
  unmarked: boolean
  /** Why it may not be removed; null when it may. */
  protection: string | null
}

/** A name, with the object as it was when it got it, but for the one that the row itself has. */
export interface StoredName extends Name {
  readonly snapshot?: unknown
  readonly unmarked?: boolean
}

export interface StoredTrying {
  operation: number
  generation: number
  step: Deed
  /** As it was before. */
  names: readonly Name[]
  stands: number | null
}

/** A place beside the row that it was read from. */
export interface Stored {
  row: PlaceRow
  place: Place
}

/** One text for each server, in the order of their numbers. */
export function serverName(serverId: number): string {
  return String(serverId).padStart(10, '0')
}

export function objectName({ model, object_key: key }: Pick<PlaceKey, 'model' | 'object_key'>): string {
  return `${model}:${key}`
}

/** One text for all copies of an object of one backend. */
export function familyName(one: Pick<PlaceKey, 'model' | 'object_key' | 'backend'>): string {
  return `${one.backend} ${objectName(one)}`
}

export function toStored(row: PlaceRow): Stored {
  return { row, place: toPlace(row) }
}

function toPlace(row: PlaceRow): Place {
  return {
    object: objectName(row),
    server: serverName(row.server_id),
    generation: row.generation,
    want: toWant(row),
    trying: toTrying(row),
    stands: standing(row, row.stands),
    names: row.names,
    data: row.data,
    attempt: row.attempt,
    due: row.due,
    stopped: row.stopped,
    isProtected: row.protection !== null,
    isForgotten: row.forgotten,
    claim: row.claim,
  }
}

function toWant({ want, policy, want_identity: identity, generation, incarnation }: PlaceRow): Want {
  if (want === 'leave') return { kind: 'leave', policy: policy ?? 'remove' }
  return { kind: 'stand', identity: identity ?? '', revision: String(generation), incarnation }
}

function toTrying(row: PlaceRow): Place['trying'] {
  if (row.trying === null) return null
  const { operation, generation, step, names, stands } = row.trying
  return { run: operation, generation, step, before: { names, stands: standing(row, stands) } }
}

function standing({ identity }: PlaceRow, generation: number | null): Place['stands'] {
  return generation === null ? null : { generation, identity }
}

/** What a changed place writes into its row; `snapshotOf` is asked for names that it did not have before. */
export function toRow(
  { row, place }: Stored,
  snapshotOf: (identity: string) => unknown = () => undefined,
): PlaceRow {
  const { want, trying, stands } = place
  const names = place.names.map((name) => withSnapshot(name, row, snapshotOf))
  return {
    ...row,
    generation: place.generation,
    want: want.kind,
    policy: want.kind === 'leave' ? want.policy : null,
    want_identity: want.kind === 'stand' ? want.identity : null,
    incarnation: want.kind === 'stand' ? want.incarnation : row.incarnation,
    claim: place.claim,
    trying:
      trying === null
        ? null
        : {
            operation: trying.run,
            generation: trying.generation,
            step: trying.step,
            names: trying.before.names.map(plain),
            stands: trying.before.stands?.generation ?? null,
          },
    stands: stands?.generation ?? null,
    names,
    data: place.data,
    attempt: place.attempt,
    due: place.due,
    stopped: place.stopped,
    forgotten: place.isForgotten,
  }
}

/** A name keeps what it had; the one of the row has its object there. */
function withSnapshot(name: Name, row: PlaceRow, snapshotOf: (identity: string) => unknown): StoredName {
  const { identity } = name
  if (identity === row.identity) return plain(name)
  const known = row.names.find((one) => one.identity === identity)
  const snapshot = snapshotOf(identity) ?? known?.snapshot
  const unmarked = known?.unmarked === true ? { unmarked: true } : {}
  return { ...plain(name), ...unmarked, ...(snapshot === undefined ? {} : { snapshot }) }
}

function plain({ identity, state, incarnation }: Name): Name {
  return { identity, state, incarnation }
}

/** What was removed in part, or proved not to be its own, goes by a name that is left. */
export function renamed(row: PlaceRow, after: Place): PlaceRow {
  const [first] = after.names
  if (first === undefined || after.names.some(({ identity }) => identity === row.identity)) return row
  return { ...row, identity: first.identity }
}
