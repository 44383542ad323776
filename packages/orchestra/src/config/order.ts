/** The part of a backend that order depends on. */
export interface Ordered {
  readonly name: string
  readonly after?: readonly string[] | undefined
}

/** What one drain of a lane has to do for one backend. Actions beyond save and delete count as saves. */
export interface DrainEntry {
  backend: string
  saves: boolean
  deletes: boolean
}

/** One script of a drain. `both` does its deletes first. */
export interface DrainScript {
  backend: string
  actions: 'save' | 'delete' | 'both'
}

/** Names of the backends in an order in which each stands behind all it comes after; else in the order given. */
export function topologicalOrder(backends: readonly Ordered[]): string[] {
  const byName = new Map(backends.map((backend) => [backend.name, backend]))
  const placed = new Set<string>()
  const place = (backend: Ordered) => {
    if (placed.has(backend.name)) return
    for (const name of backend.after ?? []) {
      const before = byName.get(name)
      if (before !== undefined) place(before)
    }
    placed.add(backend.name)
  }
  if (findCircle(backends) === undefined) backends.forEach(place)
  return [...placed]
}

/** The first circle of `after`, as `['a', 'b', 'a']`. */
export function findCircle(backends: readonly Ordered[]): string[] | undefined {
  const byName = new Map(backends.map((backend) => [backend.name, backend]))
  const clear = new Set<string>()
  const search = (name: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    if (clear.has(name)) return undefined
    for (const before of byName.get(name)?.after ?? []) {
      const circle = search(before, [...path, name])
      if (circle !== undefined) return circle
    }
    clear.add(name)
    return undefined
  }
  for (const { name } of backends) {
    const circle = search(name, [])
    if (circle !== undefined) return circle
  }
  return undefined
}

/**
 * The scripts of one drain, in order: what comes after something is deleted before it and saved behind it. A backend needs one
 * script, unless something that it comes after is deleted in between: then its deletes must run first and its saves last.
 *
 * @param backends in topological order, as `Config.backends` holds them
 */
export function drainOrder(backends: readonly Ordered[], entries: readonly DrainEntry[]): DrainScript[] {
  const byName = new Map(entries.map((entry) => [entry.backend, entry]))
  const deletesBefore = backendsBehindDeletes(backends, byName)
  const deletes: DrainScript[] = []
  const saves: DrainScript[] = []
  for (const { name: backend } of backends) {
    const entry = byName.get(backend)
    if (entry === undefined) continue
    const merged = entry.saves && entry.deletes && !deletesBefore.has(backend)
    if (entry.deletes && !merged) deletes.unshift({ backend, actions: 'delete' })
    if (entry.saves) saves.push({ backend, actions: merged ? 'both' : 'save' })
  }
  return [...deletes, ...saves]
}

/** Backends that come, directly or not, after one that deletes. */
function backendsBehindDeletes(
  backends: readonly Ordered[],
  entries: ReadonlyMap<string, DrainEntry>,
): Set<string> {
  const behind = new Set<string>()
  for (const { name, after } of backends) {
    const deletesBefore = (before: string) => behind.has(before) || entries.get(before)?.deletes === true
    if (after?.some(deletesBefore)) behind.add(name)
  }
  return behind
}
