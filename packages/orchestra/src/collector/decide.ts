import type { Backend } from '../config/backend.ts'
import { formatKey, formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { messageOf } from '../errors.ts'
import { storable } from '../store/index.ts'
import type { Wanted } from './coalesce.ts'
import type { Loaded } from './load.ts'

/** An operation as the collector decides it: not yet an id, a time or a log. */
export interface Decision {
  model: string
  key: Key
  action: string
  unitIds: readonly string[]
  /** Null where the object could not be loaded, or its routes not be told. */
  backend: string | null
  serverId: number | null
  /** What names the object on the server; null for operations that place nothing. */
  identity: string | null
  object: unknown
  /** The snapshot of a delete, as the placement holds it; of what failed, the object as it was given. */
  snapshot: unknown
  fate: Fate
}

export type Fate =
  | { kind: 'waiting' }
  /** Only disabled routes lead there: waits until one is enabled. */
  | { kind: 'held' }
  /** Cannot be done now; the collector looks again later. */
  | { kind: 'failed'; reason: string }
  | { kind: 'nothing'; reason: string }

/** What stands on servers of one object. */
export interface Placed {
  backend: string
  serverId: number
  identity: string
  snapshot: unknown
}

/** Where a backend's routes put an object. */
export interface Routing {
  serverIds: readonly number[]
  heldServerIds: readonly number[]
  errors: readonly string[]
}

export interface World {
  backendsOf(model: string): readonly Backend[]
  /** @param name what to call the object in an error */
  route(backend: Backend, object: Record<string, unknown>, name: string): Routing
  placed(model: string, key: Key): readonly Placed[]
}

/** Turns one wanted object in its present state into operations. */
export function decide(wanted: Wanted, loaded: Loaded, world: World): Decision[] {
  switch (loaded.kind) {
    case 'present':
      return decidePresent(wanted, loaded.object, world)
    case 'gone':
      return decideGone(wanted, world)
    case 'invalid':
    case 'failed':
      return [undecided(wanted, { kind: 'failed', reason: loaded.reason })]
  }
}

function decidePresent(wanted: Wanted, object: Record<string, unknown>, world: World): Decision[] {
  const able = world
    .backendsOf(wanted.model)
    .filter((backend) => methodOf(backend, wanted.action) !== undefined)
  if (able.length === 0 && wanted.action !== 'save') {
    const reason = `No backend of model "${wanted.model}" has an action "${wanted.action}"`
    return [undecided(wanted, { kind: 'nothing', reason })]
  }
  const decisions = able.flatMap((backend) =>
    place(wanted, object, backend, world.route(backend, object, formatObject(wanted.model, wanted.key))),
  )
  if (decisions.length > 0 || able.length === 0) return decisions
  const reason = `No route matches ${formatObject(wanted.model, wanted.key)}`
  return [undecided(wanted, { kind: 'nothing', reason })]
}

function place(
  wanted: Wanted,
  object: Record<string, unknown>,
  backend: Backend,
  routing: Routing,
): Decision[] {
  const identity = wanted.action === 'save' ? nameOnServer(backend, wanted.key, object) : null
  const base = { ...undecided(wanted, { kind: 'waiting' }), backend: backend.name, identity: null, object }
  if (typeof identity === 'object' && identity !== null) return [{ ...base, fate: identity }]
  return [
    ...routing.serverIds.map((serverId) => ({ ...base, identity, serverId })),
    ...routing.heldServerIds.map((serverId) => ({
      ...base,
      identity,
      serverId,
      fate: { kind: 'held' } as const,
    })),
    ...routing.errors.map((reason) => ({
      ...base,
      fate: { kind: 'failed', reason } as const,
    })),
  ]
}

/** The identity, or why there is none: the backend's own code decides it, and may break on one object. */
function nameOnServer(
  backend: Backend,
  key: Key,
  object: Record<string, unknown>,
): string | Extract<Fate, { kind: 'failed' }> {
  try {
    const identity = identityOf(backend, key, object)
    if (typeof identity === 'string' && identity !== '' && storable(identity) === identity) return identity
    return { kind: 'failed', reason: `Backend "${backend.name}": its identity is no usable text` }
  } catch (error) {
    return { kind: 'failed', reason: `Backend "${backend.name}": its identity threw: ${messageOf(error)}` }
  }
}

function decideGone(wanted: Wanted, world: World): Decision[] {
  if (wanted.action !== 'save' && wanted.action !== 'delete') {
    const reason = `${formatObject(wanted.model, wanted.key)} is gone`
    return [undecided(wanted, { kind: 'nothing', reason })]
  }
  const deletable = new Map(world.backendsOf(wanted.model).map((backend) => [backend.name, backend.delete]))
  return world.placed(wanted.model, wanted.key).map((placed) => ({
    ...undecided({ ...wanted, action: 'delete' }, deleteFate(placed.backend, deletable)),
    backend: placed.backend,
    serverId: placed.serverId,
    identity: placed.identity,
    snapshot: placed.snapshot,
  }))
}

function deleteFate(backend: string, deletable: ReadonlyMap<string, unknown>): Fate {
  if (!deletable.has(backend)) {
    return {
      kind: 'failed',
      reason: `Backend "${backend}" placed it and is no longer defined: define it again`,
    }
  }
  if (deletable.get(backend) !== undefined) return { kind: 'waiting' }
  return {
    kind: 'nothing',
    reason: `Backend "${backend}" has no delete method: what it made stays on the server`,
  }
}

function undecided(wanted: Wanted, fate: Fate): Decision {
  const { model, key, action, unitIds } = wanted
  return {
    model,
    key,
    action,
    unitIds,
    backend: null,
    serverId: null,
    identity: null,
    object: null,
    snapshot: fate.kind === 'failed' ? wanted.payload : null,
    fate,
  }
}

/** The backend's method for an action; undefined when it has none. */
export function methodOf(backend: Backend, action: string): Backend['save'] {
  if (action === 'save') return backend.save
  if (action === 'delete') return backend.delete
  return Object.hasOwn(backend.actions ?? {}, action) ? backend.actions?.[action] : undefined
}

export function identityOf(backend: Backend, key: Key, object: Record<string, unknown>): string {
  return backend.identity === undefined ? formatKey(key) : backend.identity(object as never)
}
