import { createHash } from 'node:crypto'
import type { Engine, Event } from './engine.ts'
import { eventsOf } from './events.ts'
import { brokenCalm, brokenPromise } from './promises.ts'
import { type Bounds, emptyWorld, fingerprint, type World } from './world.ts'

export interface Explored {
  readonly states: number
  /** What broke, and how it came to that. */
  readonly broken: {
    readonly promise: string
    readonly path: readonly string[]
    readonly world: World
  } | null
}

/** Walks through every world that can be reached, depth first; a way that leads back to itself never ends. */
export function explore(bounds: Bounds, engine: Engine, limit = Number.POSITIVE_INFINITY): Explored {
  const done = new Set<number>()
  const open = new Set<number>()
  const stack: { id: number; name: string; world: World; events: Event[]; at: number }[] = []
  const path = () => stack.map(({ name }) => name)
  const enter = (name: string, world: World): string | null => {
    const id = identify(world)
    if (open.has(id)) return 'it goes round in a circle'
    if (done.has(id)) return null
    done.add(id)
    open.add(id)
    stack.push({ id, name, world, events: [], at: 0 })
    const promise = brokenPromise(world, bounds)
    if (promise !== null) return promise
    const events = eventsOf(world, bounds, engine)
    stack[stack.length - 1] = { id, name, world, events, at: 0 }
    return events.some(({ isCalm }) => isCalm) ? null : brokenCalm(world, bounds, engine)
  }
  const first = emptyWorld(bounds)
  let broken = enter('at first', first)
  while (broken === null && stack.length > 0 && done.size < limit) {
    const top = stack[stack.length - 1]
    if (top === undefined) break
    const event = top.events[top.at++]
    if (event === undefined) {
      open.delete(top.id)
      stack.pop()
    } else broken = attempt(() => enter(event.name, event.world))
  }
  const world = stack.at(-1)?.world ?? first
  return { states: done.size, broken: broken === null ? null : { promise: broken, path: path(), world } }
}

function attempt(work: () => string | null): string | null {
  try {
    return work()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** 52 bits: among two million worlds, the chance that two of them are taken for one is below one in a thousand. */
function identify(world: World): number {
  const digest = createHash('md5').update(fingerprint(world)).digest()
  return digest.readUInt32BE(0) * 2 ** 20 + (digest.readUInt32BE(4) >>> 12)
}
