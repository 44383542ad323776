import type { Decision } from '../collector/index.ts'
import { formatObject } from '../config/key.ts'
import type { Queryable } from '../store/index.ts'
import { deleteBound } from '../sync/index.ts'

/**
 * What a change of routes does to objects of one backend on one server. `placed`: they come. `removed`: their copy goes. `moved`: it
 * goes once its data is elsewhere. `kept`: they belong elsewhere, and their copy stays. `held`: their work waits for a disabled route.
 * `undecided`: nobody can tell where they belong. `decided`: that can be told now.
 */
export type EffectKind = 'placed' | 'removed' | 'moved' | 'kept' | 'held' | 'undecided' | 'decided'

export interface Effect {
  kind: EffectKind
  backend: string
  /** Null for what cannot be told. */
  server: string | null
  count: number
  /** Of these: objects that belong on no server afterwards. */
  nowhere: number
  /** The first of them by name, and why where that is not the same for all. */
  objects: { object: string; reason: string | null }[]
  /** How many of the backend stand there now. */
  standing: number
}

const MOST_NAMED = 5

type Growing = Omit<Effect, 'server' | 'standing'> & { serverId: number | null }

/** One thing that is to be done about an object in one place. */
interface Outcome {
  kind: EffectKind
  serverId: number | null
  reason: string | null
}

/** Gathers what differs between two ways of deciding about the same objects. */
export class Effects {
  readonly #found = new Map<string, Growing>()
  readonly #backends: ReadonlySet<string>

  constructor(backends: readonly string[]) {
    this.#backends = new Set(backends)
  }

  take(before: readonly Decision[], after: readonly Decision[]): void {
    const earlier = groupOutcomes(before)
    const later = groupOutcomes(after)
    for (const name of new Set([...earlier.keys(), ...later.keys()])) {
      const { backend, object } = JSON.parse(name) as { backend: string; object: string }
      if (this.#backends.has(backend))
        this.#compare({ backend, object }, earlier.get(name) ?? [], later.get(name) ?? [])
    }
  }

  #compare(
    { backend, object }: { backend: string; object: string },
    before: readonly Outcome[],
    after: readonly Outcome[],
  ): void {
    const belongs = after.some(({ kind }) => kind === 'placed' || kind === 'held')
    const isNew = (one: Outcome) => !before.some((other) => isSame(one, other))
    for (const outcome of after.filter(isNew)) this.#add(backend, object, outcome, !belongs)
    const wasUndecided = before.find(({ kind }) => kind === 'undecided')
    if (wasUndecided !== undefined && !after.some(({ kind }) => kind === 'undecided'))
      this.#add(backend, object, { ...wasUndecided, kind: 'decided' }, !belongs)
  }

  #add(backend: string, object: string, { kind, serverId, reason }: Outcome, isNowhere: boolean): void {
    const name = JSON.stringify([kind, backend, serverId])
    const effect = this.#found.get(name) ?? { kind, backend, serverId, count: 0, nowhere: 0, objects: [] }
    this.#found.set(name, effect)
    effect.count++
    if (isNowhere) effect.nowhere++
    if (effect.objects.length < MOST_NAMED) effect.objects.push({ object, reason })
  }

  /** What was gathered, with the names of servers and how much stands there. */
  async named(db: Queryable): Promise<Effect[]> {
    const rows = await db.query<{ id: number; name: string; backend: string | null; standing: number }>(
      STANDING,
      [[...this.#backends]],
    )
    return [...this.#found.values()].map(({ serverId, ...effect }) => {
      const own = rows.filter(({ id }) => id === serverId)
      const standing = own.find(({ backend }) => backend === effect.backend)?.standing ?? 0
      return {
        ...effect,
        server: serverId === null ? null : (own[0]?.name ?? `server ${serverId}`),
        standing,
      }
    })
  }
}

function isSame(one: Outcome, other: Outcome): boolean {
  if (one.kind !== other.kind) return false
  return one.kind === 'undecided' ? one.reason === other.reason : one.serverId === other.serverId
}

function groupOutcomes(decisions: readonly Decision[]): Map<string, Outcome[]> {
  const groups = new Map<string, Outcome[]>()
  for (const decision of decisions) {
    const outcome = outcomeOf(decision)
    if (outcome === undefined) continue
    const { backend, model, key } = decision
    const name = JSON.stringify({ backend, object: formatObject(model, key) })
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [outcome])
    else group.push(outcome)
  }
  return groups
}

function outcomeOf({ kind, action, fate, serverId, leave, backend }: Decision): Outcome | undefined {
  // Without a backend it is about the object itself, whatever the routes say.
  if (backend === null) return undefined
  switch (fate.kind) {
    case 'nothing':
      return undefined
    case 'failed':
      return { kind: 'undecided', serverId: null, reason: fate.reason }
    case 'kept':
      return { kind: 'kept', serverId, reason: fate.reason }
    case 'held':
      return { kind: 'held', serverId, reason: null }
    case 'waiting':
      if (action !== 'delete') return { kind: 'placed', serverId, reason: null }
      if (kind !== 'move') return undefined
      return { kind: leave === 'migrate' ? 'moved' : 'removed', serverId, reason: null }
  }
}

/** Whether somebody has to agree to it: something goes or stays behind, or an object fails. */
export function needsConsent(effects: readonly Effect[]): boolean {
  return effects.some(({ kind }) => ['removed', 'moved', 'kept', 'undecided'].includes(kind))
}

/** What a synchronization has to be allowed to remove, so that what was agreed to is done; undefined when the usual bound does. */
export function deletesToAllow(effects: readonly Effect[]): number | undefined {
  const leaving = effects.filter(({ kind }) => kind === 'removed' || kind === 'moved')
  const places = Map.groupBy(leaving, ({ backend, server }) => JSON.stringify([backend, server]))
  const exceeding = [...places.values()].flatMap((own) => {
    const count = own.reduce((sum, one) => sum + one.count, 0)
    return count > deleteBound(own[0]?.standing ?? 0) ? [count] : []
  })
  return exceeding.length === 0 ? undefined : Math.max(...exceeding)
}

const STANDING = `
select server.id, server.name, placed.backend, coalesce(placed.standing, 0) as standing
from orchestra.server left join (
  select server_id, backend, count(*) as standing from orchestra.placement
  where backend = any($1::text[]) group by server_id, backend
) placed on placed.server_id = server.id`
