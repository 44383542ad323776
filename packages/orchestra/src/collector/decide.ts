import type { Backend } from '../config/backend.ts'
import { formatKey, formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { messageOf } from '../errors.ts'
import { storable } from '../store/index.ts'
import type { Wanted } from './coalesce.ts'
import type { Loaded } from './load.ts'
import { decideMoves } from './move.ts'
import { type Placed, type Previous, previousNames } from './placed.ts'

/** What an operation means for its place; a move is what becomes of the copy that is left behind. */
export type DecisionKind = 'create' | 'update' | 'rename' | 'move' | 'delete' | 'action'

/** An operation as the collector decides it: not yet an id, a time or a log. */
export interface Decision {
  kind: DecisionKind
  model: string
  key: Key
  action: string
  unitIds: readonly string[]
  /** Null where the object could not be loaded, or its routes not be told. */
  backend: string | null
  serverId: number | null
  /** What names the object on the server; null for operations that place nothing. */
  identity: string | null
  /** What it is called there now, where that is something else. */
  previousIdentity: string | null
  /** All other names under which it stands there, wholly or in part, oldest first. */
  previous: readonly Previous[]
  object: unknown
  /** The snapshot of a delete, as the placement holds it; of what failed, the object as it was given. */
  snapshot: unknown
  /** Servers where the object must stand before this delete may run; null for all that follows no move. */
  gate: readonly number[] | null
  /** The server that its data goes to before this delete may run; with `unmade`, that it would go to if there were any. */
  transferTo: number | null
  /** A delete that holds only as long as nothing was ever tried there: a first try may be running right now. */
  unmade: boolean
  fate: Fate
}

export type Fate =
  | { kind: 'waiting' }
  /** Only disabled routes lead there: waits until one is enabled. */
  | { kind: 'held' }
  /** Cannot be done now; the collector looks again later. */
  | { kind: 'failed'; reason: string }
  | { kind: 'nothing'; reason: string }
  /** The object belongs elsewhere, and this copy stays. */
  | { kind: 'kept'; reason: string }

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
  /** Answers for every wanted object. */
  placed(model: string, key: Key): readonly Placed[]
  /** Why what stands there may not be removed; null when it may. */
  protection(backend: Backend | undefined, placed: Placed, of: Pick<Wanted, 'model' | 'key'>): string | null
}

/** Turns one wanted object in its present state into operations. */
export function decide(wanted: Wanted, loaded: Loaded, world: World): Decision[] {
  const all = decideAll(wanted, loaded, world)
  return withDepartures(
    all,
    all.filter((decision) => isInScope(decision, wanted.scope)),
  )
}

/**
 * Chosen decisions, with those by which the data of what arrives leaves another server: what arrives alone begins with data of its
 * own, and takes no other any more.
 */
export function withDepartures(all: readonly Decision[], chosen: readonly Decision[]): Decision[] {
  const departures = all.filter((one) => one.transferTo !== null && !chosen.includes(one))
  if (departures.length === 0) return [...chosen]
  const placeOf = ({ model, key, backend }: Decision, serverId: number | null) =>
    JSON.stringify([formatObject(model, key), backend, serverId])
  const arrivals = new Set(
    chosen.filter((one) => one.action === 'save').map((one) => placeOf(one, one.serverId)),
  )
  return [...chosen, ...departures.filter((one) => arrivals.has(placeOf(one, one.transferTo)))]
}

function isInScope({ backend, serverId }: Decision, scope: Wanted['scope']): boolean {
  if (scope === null) return true
  if (backend !== null && backend !== scope.backend) return false
  return serverId === null || scope.serverId === null || serverId === scope.serverId
}

function decideAll(wanted: Wanted, loaded: Loaded, world: World): Decision[] {
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
  const able = world.backendsOf(wanted.model).filter((backend) => can(backend, wanted.action))
  if (able.length === 0 && wanted.action !== 'save') {
    const reason = `No backend of model "${wanted.model}" has an action "${wanted.action}"`
    return [undecided(wanted, { kind: 'nothing', reason })]
  }
  const decisions = able.flatMap((backend) => {
    const routing = world.route(backend, object, formatObject(wanted.model, wanted.key))
    return wanted.action === 'save'
      ? save(wanted, object, backend, routing, world)
      : act(wanted, object, backend, routing)
  })
  if (decisions.length > 0 || able.length === 0) return decisions
  const reason = `No route matches ${formatObject(wanted.model, wanted.key)}`
  return [undecided(wanted, { kind: 'nothing', reason })]
}

function act(
  wanted: Wanted,
  object: Record<string, unknown>,
  backend: Backend,
  routing: Routing,
): Decision[] {
  const base = { ...undecided(wanted, { kind: 'waiting' }), backend: backend.name, object }
  return [...inPlaces(base, routing), ...misrouted(base, routing)]
}

function save(
  wanted: Wanted,
  object: Record<string, unknown>,
  backend: Backend,
  routing: Routing,
  world: World,
): Decision[] {
  const base = { ...undecided(wanted, { kind: 'waiting' }), backend: backend.name, object }
  const identity = nameOnServer(backend, wanted.key, object)
  if (typeof identity !== 'string') return [{ ...base, fate: identity }]
  const placed = world.placed(wanted.model, wanted.key).filter((one) => one.backend === backend.name)
  const saves = inPlaces({ ...base, identity }, routing).map((decision) => asNamed(decision, placed))
  const refusal = refusedRename(saves, placed, backend, world)
  if (refusal !== undefined) return [{ ...base, fate: refusal }]
  // Where an object belongs is known only when every route has answered.
  const moves = routing.errors.length === 0 ? leaveOthers(wanted, backend, routing, placed, world) : []
  return [...saves, ...moves, ...misrouted(base, routing)]
}

function inPlaces(base: Decision, { serverIds, heldServerIds }: Routing): Decision[] {
  return [
    ...serverIds.map((serverId) => ({ ...base, serverId })),
    ...heldServerIds.map((serverId) => ({ ...base, serverId, fate: { kind: 'held' } as const })),
  ]
}

function misrouted(base: Decision, { errors }: Routing): Decision[] {
  return errors.map((reason) => ({ ...base, fate: { kind: 'failed', reason } as const }))
}

/** A save in the light of what stands in its place. */
function asNamed(decision: Decision, placed: readonly Placed[]): Decision {
  const here = placed.find((one) => one.serverId === decision.serverId)
  const previous = previousNames(here, decision.identity ?? '')
  if (previous.length > 0) {
    const previousIdentity = here?.identity === decision.identity ? null : (here?.identity ?? null)
    return { ...decision, kind: 'rename', previous, previousIdentity }
  }
  return { ...decision, kind: here?.applied ? 'update' : 'create' }
}

/** A rename that would leave or remove what must not be. */
function refusedRename(
  saves: readonly Decision[],
  placed: readonly Placed[],
  backend: Backend,
  world: World,
): Extract<Fate, { kind: 'failed' }> | undefined {
  if (backend.rename !== undefined || backend.sync !== undefined) return undefined
  for (const save of saves) {
    const { previousIdentity, identity, serverId } = save
    const here = placed.find((one) => one.serverId === serverId)
    if (previousIdentity === null || here === undefined) continue
    const reason = refusalOf(backend, here, save, world)
    if (reason === null) continue
    const names = `from "${previousIdentity}" to "${identity}"`
    return { kind: 'failed', reason: `Backend "${backend.name}" does not rename it ${names}: ${reason}` }
  }
  return undefined
}

function refusalOf(backend: Backend, here: Placed, of: Decision, world: World): string | null {
  switch (backend.onRename ?? 'replace') {
    case 'keep':
      return null
    case 'refuse':
      return 'its policy is to refuse renames'
    case 'replace': {
      const protection = world.protection(backend, here, of)
      return protection === null ? null : `that would remove what is ${protection}`
    }
  }
}

function leaveOthers(
  wanted: Wanted,
  backend: Backend,
  { serverIds, heldServerIds }: Routing,
  placed: readonly Placed[],
  world: World,
): Decision[] {
  const protection = (place: Placed) => world.protection(backend, place, wanted)
  return decideMoves({ backend, serverIds, heldServerIds, placed, protection }).map(({ place, leaving }) => ({
    ...removal(wanted, place, leaving.kind === 'kept' ? leaving : { kind: 'waiting' }),
    kind: 'move',
    gate: leaving.kind === 'kept' ? null : leaving.after,
    transferTo: leaving.kind === 'kept' ? null : leaving.transferTo,
    unmade: leaving.kind === 'removed' && leaving.unmade === true,
  }))
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
  const backends = new Map(world.backendsOf(wanted.model).map((backend) => [backend.name, backend]))
  return world.placed(wanted.model, wanted.key).map((placed) => {
    const backend = backends.get(placed.backend)
    const protection = world.protection(backend, placed, wanted)
    if (protection !== null) return refusedRemoval(wanted, placed, protection)
    return removal(wanted, placed, deleteFate(placed.backend, backend))
  })
}

function removal(wanted: Wanted, placed: Placed, fate: Fate): Decision {
  const { backend, serverId, identity, snapshot } = placed
  return { ...undecided({ ...wanted, action: 'delete' }, fate), backend, serverId, identity, snapshot }
}

/** Without a server, so that no lane takes it: the collector looks again until the protection ends. */
function refusedRemoval(wanted: Wanted, { backend, identity }: Placed, protection: string): Decision {
  const reason = `"${identity}" of backend "${backend}" is not removed: it is ${protection}. Lift that with \`orchestra unprotect\` or in the configuration`
  return { ...undecided({ ...wanted, action: 'delete' }, { kind: 'failed', reason }), backend }
}

function deleteFate(name: string, backend: Backend | undefined): Fate {
  if (backend === undefined) {
    return {
      kind: 'failed',
      reason: `Backend "${name}" placed it and is no longer defined: define it again, or give it up with \`orchestra forget\``,
    }
  }
  if (can(backend, 'delete')) return { kind: 'waiting' }
  return {
    kind: 'nothing',
    reason: `Backend "${name}" has no delete method: what it made stays on the server`,
  }
}

function undecided(wanted: Wanted, fate: Fate): Decision {
  const { model, key, action, unitIds } = wanted
  return {
    kind: kindOf(action),
    model,
    key,
    action,
    unitIds,
    backend: null,
    serverId: null,
    identity: null,
    previousIdentity: null,
    previous: [],
    object: null,
    snapshot: fate.kind === 'failed' ? wanted.payload : null,
    gate: null,
    transferTo: null,
    unmade: false,
    fate,
  }
}

function kindOf(action: string): DecisionKind {
  if (action === 'save') return 'update'
  return action === 'delete' ? 'delete' : 'action'
}

/** Whether a backend does anything for an action. */
function can(backend: Backend, action: string): boolean {
  const isWhole = backend.sync !== undefined && (action === 'save' || action === 'delete')
  return isWhole || methodOf(backend, action) !== undefined
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
