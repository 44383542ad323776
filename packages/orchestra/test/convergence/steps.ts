import { troubles } from './boxes.ts'
import { oneOf, type Random, randomFrom } from './random.ts'

export const servers = ['one', 'two', 'three'] as const
export const backendNames = ['conf', 'kept', 'data', 'pool'] as const
/** Names begin with each other, so that whoever guesses by a prefix is caught. */
const names = ['a.org', 'a.org.au', 'a', 'b.org', 'b.org.bak', 'b', 'c-1', 'c-10']
/** Things of other people, each beside things that are ours. */
const strangers = ['conf/a.org.', 'conf/b.orgs', 'kept/a.', 'data/c-', 'pool/al', 'pool/all.bak']

type ServerName = (typeof servers)[number]
type BackendName = (typeof backendNames)[number]

/** What the application does to its rows. */
export type RowStep =
  | { does: 'insert'; id: number; name: string; body: string; place: string }
  | { does: 'update'; id: number; body: string }
  | { does: 'rename'; id: number; name: string }
  /** The box takes a name over whose holder is deleted in the same transaction. */
  | { does: 'inherit'; id: number; name: string }
  | { does: 'move'; id: number; place: string }
  | { does: 'delete'; id: number }

export type Step =
  | RowStep
  /** While capture is off. */
  | { does: 'unseen'; step: RowStep }
  | { does: 'add-route'; backend: BackendName; server: ServerName; wide: boolean }
  | { does: 'remove-route' | 'toggle-route'; at: number }
  /** The server does not answer, until it is back. */
  | { does: 'lose' | 'find' | 'hold' | 'release' | 'wipe'; server: ServerName }
  | {
      does: 'damage'
      server: ServerName
      backend: BackendName
      how: 'edit' | 'remove' | 'link' | 'chmod'
      at: number
    }
  | { does: 'stranger'; server: ServerName; path: string }
  | { does: 'restart-worker' }
  | { does: 'sync'; mode: 'sync' | 'check'; server?: ServerName; backend?: BackendName }
  | { does: 'protect' | 'unprotect' | 'forget'; id: number; backend: BackendName }
  | { does: 'wait'; ms: number }

const STEPS = 24

/** What happens for a seed. */
export function stepsOf(seed: number): Step[] {
  const random = randomFrom(seed)
  let inserted = 0
  const nextId = () => ++inserted
  const anyId = () => 1 + random(Math.max(1, inserted))
  const steps: Step[] = [insert(random, nextId()), insert(random, nextId())]
  const count = 6 + random(STEPS - 6)
  while (steps.length < count) steps.push(step(random, anyId, nextId))
  return steps
}

function step(random: Random, anyId: () => number, nextId: () => number): Step {
  const chance = random(100)
  if (chance < 46) return rowStep(random, anyId, nextId)
  if (chance < 51) return { does: 'unseen', step: rowStep(random, anyId, nextId) }
  if (chance < 59) return routeStep(random)
  if (chance < 71) return serverStep(random)
  if (chance < 77) return damage(random)
  if (chance < 80) return { does: 'stranger', server: oneOf(random, servers), path: oneOf(random, strangers) }
  if (chance < 82) return { does: 'restart-worker' }
  if (chance < 86) return sync(random)
  if (chance < 90) return ofObject(random, anyId())
  return { does: 'wait', ms: random(120) }
}

function insert(random: Random, id: number): RowStep {
  return { does: 'insert', id, name: oneOf(random, names), body: body(random), place: place(random) }
}

function rowStep(random: Random, anyId: () => number, nextId: () => number): RowStep {
  const chance = random(20)
  if (chance < 5) return insert(random, nextId())
  if (chance < 9) return { does: 'update', id: anyId(), body: body(random) }
  if (chance < 12) return { does: 'rename', id: anyId(), name: oneOf(random, names) }
  if (chance < 13) return { does: 'inherit', id: anyId(), name: oneOf(random, names) }
  if (chance < 18) return { does: 'move', id: anyId(), place: place(random) }
  return { does: 'delete', id: anyId() }
}

function body(random: Random): string {
  return random(5) === 0 ? oneOf(random, troubles) : `good-${random(3)}`
}

function place(random: Random): string {
  return random(8) === 0 ? 'nowhere' : oneOf(random, servers)
}

function routeStep(random: Random): Step {
  const chance = random(3)
  const backend = oneOf(random, backendNames)
  if (chance === 0)
    return {
      does: 'add-route',
      backend,
      server: oneOf(random, servers),
      wide: backend !== 'data' && random(3) === 0,
    }
  return { does: chance === 1 ? 'remove-route' : 'toggle-route', at: random(20) }
}

function serverStep(random: Random): Step {
  const server = oneOf(random, servers)
  const does = oneOf(random, ['lose', 'lose', 'find', 'find', 'hold', 'release', 'wipe'] as const)
  return { does, server }
}

function damage(random: Random): Step {
  return {
    does: 'damage',
    server: oneOf(random, servers),
    backend: oneOf(random, backendNames),
    how: oneOf(random, ['edit', 'remove', 'link', 'chmod'] as const),
    at: random(10),
  }
}

function sync(random: Random): Step {
  return {
    does: 'sync',
    mode: oneOf(random, ['sync', 'check'] as const),
    ...(random(3) === 0 ? { server: oneOf(random, servers) } : {}),
    ...(random(3) === 0 ? { backend: oneOf(random, backendNames) } : {}),
  }
}

/** What is forgotten must not hold data: it is given up with it. */
function ofObject(random: Random, id: number): Step {
  const does = oneOf(random, ['protect', 'protect', 'unprotect', 'forget'] as const)
  const backend = does === 'forget' ? oneOf(random, ['conf', 'pool'] as const) : oneOf(random, backendNames)
  return { does, id, backend }
}
