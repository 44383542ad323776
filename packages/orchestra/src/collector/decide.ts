import type { Backend } from '../config/backend.ts'
import { formatKey, formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { messageOf } from '../errors.ts'
import { held, rulesOf } from '../places/index.ts'
import { storable } from '../store/index.ts'
import type { Wanted } from './coalesce.ts'
import type { Decision, Fate } from './decision.ts'
import { isOfAnother } from './former.ts'
import { decideGone } from './gone.ts'
import { isKeptAlready, leaveOthers, orKept } from './leaving.ts'
import type { Loaded } from './load.ts'
import { can } from './methods.ts'
import { type Foreseen, foresee } from './outcomes.ts'
import type { Placed } from './placed.ts'
import { undecided } from './undecided.ts'
import type { Destinations, World } from './world.ts'

/** Turns one wanted object in its present state into operations. */
export function decide(wanted: Wanted, loaded: Loaded, world: World): Decision[] {
  const all = decideAll(wanted, loaded, world)
  return withDepartures(
    all,
    all.filter((decision) => isInScope(decision, wanted.scope)),
  )
}

/** Chosen decisions, with those by which the data of what arrives leaves other servers: what arrives alone begins with data of its own. */
export function withDepartures(all: readonly Decision[], chosen: readonly Decision[]): Decision[] {
  const departures = all.filter((one) => one.leave === 'migrate' && !chosen.includes(one))
  if (departures.length === 0) return [...chosen]
  const nameOf = ({ model, key, backend }: Decision) => JSON.stringify([formatObject(model, key), backend])
  const arriving = new Set(chosen.filter(({ action }) => action === 'save').map(nameOf))
  return [...chosen, ...departures.filter((one) => arriving.has(nameOf(one)))]
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
  routing: Destinations,
): Decision[] {
  const base = { ...undecided(wanted, { kind: 'waiting' }), backend: backend.name, object }
  return [...inPlaces(base, routing), ...misrouted(base, routing)]
}

function save(
  wanted: Wanted,
  object: Record<string, unknown>,
  backend: Backend,
  routing: Destinations,
  world: World,
): Decision[] {
  const base = { ...undecided(wanted, { kind: 'waiting' }), backend: backend.name, object }
  const identity = nameOnServer(backend, wanted.key, object)
  if (typeof identity !== 'string') return [{ ...base, fate: identity }]
  const placed = world.placed(wanted.model, wanted.key).filter((one) => one.backend === backend.name)
  const former = placed.filter((one) => isOfAnother(backend, one, object))
  const saves = inPlaces({ ...base, identity }, routing).map((one) => asStanding(one, former))
  // Where an object belongs is known only when every route has answered.
  const leaves =
    routing.errors.length === 0 ? leaveOthers(wanted, backend, routing, { placed, former }, world) : []
  const guarded = placed.map(({ row, place, ...one }) => {
    const reason = world.protection(backend, { row, place, ...one }, wanted)
    return { row, place: { ...place, isProtected: reason !== null }, reason }
  })
  const after = foresee(guarded, [...saves, ...leaves], backend)
  const isMoved = rulesOf(backend).onRename === 'move'
  const refused = isMoved ? [] : saves.flatMap((one) => refusalOf(one, after.get(one), placed, guarded) ?? [])
  const [refusal] = refused
  if (refusal !== undefined)
    return [{ ...base, fate: failed(`Backend "${backend.name}" does not rename it ${refusal}`) }]
  return [
    ...saves.map((one) => asNamed(one, after.get(one), placed)),
    ...leaves.map((one) => orKept(one, after.get(one), placed)).filter((one) => !isKeptAlready(one, placed)),
    ...misrouted(base, routing),
  ]
}

function inPlaces(base: Decision, { serverIds, heldServerIds }: Destinations): Decision[] {
  return [
    ...serverIds.map((serverId) => ({ ...base, serverId })),
    ...heldServerIds.map((serverId) => ({ ...base, serverId, fate: { kind: 'held' } as const })),
  ]
}

function asStanding(decision: Decision, former: readonly Placed[]): Decision {
  const isFormer = former.some((one) => one.serverId === decision.serverId)
  return isFormer ? { ...decision, standing: 'former' } : decision
}

function misrouted(base: Decision, { errors }: Destinations): Decision[] {
  return errors.map((reason) => ({ ...base, fate: failed(reason) }))
}

function failed(reason: string): Fate {
  return { kind: 'failed', reason }
}

/** A save in the light of what stands in its place. */
function asNamed(decision: Decision, after: Foreseen | undefined, placed: readonly Placed[]): Decision {
  const isOther = after !== undefined && held(after.place).some((name) => name.identity !== decision.identity)
  const here = placed.find((one) => one.serverId === decision.serverId)
  if (here?.touched && decision.standing === 'former') return { ...decision, kind: 'replace' }
  return { ...decision, kind: isOther ? 'rename' : here?.applied ? 'update' : 'create' }
}

/** Why a rename would leave or remove what must not be. */
function refusalOf(
  { identity, serverId }: Decision,
  after: Foreseen | undefined,
  placed: readonly Placed[],
  guarded: readonly { reason: string | null }[],
): string | undefined {
  if (after?.next.do !== 'wait' || held(after.place).every((name) => name.identity === identity))
    return undefined
  const at = placed.findIndex((one) => one.serverId === serverId)
  const names = `from "${placed[at]?.identity}" to "${identity}"`
  const { for: wait } = after.next
  if (wait.kind === 'protection') return `${names}: that would remove what is ${guarded[at]?.reason}`
  if (wait.kind === 'person' && wait.why === 'rename refused')
    return `${names}: its policy is to refuse renames`
  return undefined
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

export function identityOf(backend: Backend, key: Key, object: Record<string, unknown>): string {
  return backend.identity === undefined ? formatKey(key) : backend.identity(object as never)
}
