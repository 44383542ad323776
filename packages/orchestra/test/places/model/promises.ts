import { isReached, type Next, nameOf, type Place, type Question } from '../../../src/places/place.ts'
import type { Engine } from './engine.ts'
import { around, type Bounds, keyOf, placeAt, type World } from './world.ts'

/** What holds in every world, whatever happened. */
export function brokenPromise(world: World, { rules }: Bounds): string | null {
  for (const [path, thing] of Object.entries(world.things)) {
    const [server = '', name = ''] = path.split('/')
    const place = placeAt(world, thing.object, server)
    if (!thing.isAbandoned && (place === undefined || nameOf(place, name) === undefined))
      return `nobody knows that ${thing.object} is on ${server} as ${name}`
  }
  if (rules.onMove !== 'migrate' || rules.onRename !== 'move') return null
  for (const row of world.rows) {
    const isThere = Object.values(world.things).some((thing) => thing.object === row.object && thing.hasData)
    if (row.hasData && !row.isGivenUp && !isThere) return `the data of ${row.object} is lost`
  }
  return null
}

/** What holds once nothing goes on by itself: all is as it should be, or says what it waits for. */
export function brokenCalm(world: World, bounds: Bounds, engine: Engine): string | null {
  for (const row of world.rows) {
    for (const server of bounds.servers) {
      const broken = brokenPlace(world, row.object, server, bounds, engine)
      if (broken !== null) return broken
    }
  }
  return null
}

function brokenPlace(
  world: World,
  object: string,
  server: string,
  bounds: Bounds,
  engine: Engine,
): string | null {
  const row = world.rows.find((one) => one.object === object)
  const place = placeAt(world, object, server)
  const isWanted = row?.decision.kind === 'present' && row.decision.servers.includes(server)
  if (place === undefined) return isBare(world, object, server, isWanted)
  const next = engine.next(place, around(world, place), bounds.rules, 0)
  if (next.do === 'wait') return unfounded(world, place, next, bounds, engine, [])
  if (next.do !== 'nothing') return `${keyOf(place)} stops before ${JSON.stringify(next)}`
  if (place.want.kind === 'leave') return place.want.policy === 'keep' ? null : `${keyOf(place)} stays`
  const thing = world.things[`${server}/${place.want.identity}`]
  if (!isReached(place) || thing?.object !== object || thing.generation !== place.generation)
    return `${keyOf(place)} is not what is wanted`
  return brokenData(world, place, bounds)
}

function isBare(world: World, object: string, server: string, isWanted: boolean): string | null {
  const row = world.rows.find((one) => one.object === object)
  if (isWanted && !row?.isGivenUp) return `${object} is wanted on ${server} and nobody knows`
  return null
}

/** Where an object belongs on one server, its data is there. */
function brokenData(world: World, place: Place, { rules }: Bounds): string | null {
  const row = world.rows.find((one) => one.object === place.object)
  if (rules.onMove !== 'migrate' || rules.onRename !== 'move' || row?.isGivenUp) return null
  if (row?.decision.kind !== 'present' || row.decision.servers.length !== 1) return null
  const isHere = Object.entries(world.things).some(
    ([path, thing]) => path.startsWith(`${place.server}/`) && thing.object === place.object && thing.hasData,
  )
  const isAsked = around(world, place).siblings.length > 0
  return isHere || isAsked ? null : `${keyOf(place)} stands without its data`
}

/** A wait is founded where it comes to a person, a protection, or an object that rightly has what is waited for. */
function unfounded(
  world: World,
  place: Place,
  next: Extract<Next, { do: 'wait' }>,
  bounds: Bounds,
  engine: Engine,
  seen: readonly Place[],
): string | null {
  if (seen.includes(place)) return `${seen.map(keyOf).join(' and ')} wait for each other`
  const wait = next.for
  if (wait.kind === 'person') return unaskable(world, place, wait.why, bounds)
  if (wait.kind === 'protection') return place.isProtected ? null : `${keyOf(place)} is not protected`
  if (wait.kind === 'time') return `${keyOf(place)} waits for time`
  const [object, server] = wait.kind === 'name' ? [wait.object, place.server] : [place.object, wait.server]
  const other = placeAt(world, object, server)
  if (other === undefined) return `${keyOf(place)} waits for nobody`
  const then = engine.next(other, around(world, other), bounds.rules, 0)
  if (then.do === 'wait') return unfounded(world, other, then, bounds, engine, [...seen, place])
  const isRight = wait.kind === 'name' && other.want.kind === 'stand' && other.want.identity === wait.identity
  return isRight && isReached(other) ? null : `${keyOf(place)} waits in vain: ${JSON.stringify(wait)}`
}

/** A person is asked only what is so. */
function unaskable(world: World, place: Place, why: Question, { rules }: Bounds): string | null {
  const { siblings, rivals } = around(world, place)
  const isSo: Record<Question, boolean> = {
    cancelled: place.stopped === place.generation,
    'rename refused': rules.onRename === 'refuse',
    'copies with data': siblings.some(({ data, names }) => data === 'own' && names.length > 0),
    'nowhere to go': siblings.every(({ want }) => want.kind === 'leave'),
    'names go round': rules.onCircle === 'ask' && rivals.length > 0,
    'left by another': rivals.some(({ names }) => names.some(({ state }) => state === 'left')),
  }
  return isSo[why] ? null : `${keyOf(place)} asks a person without need: ${why}`
}

/** What is broken by beginning a removal now: what is wanted elsewhere and does not stand there yet keeps its former copy. */
export function brokenRemoval(world: World, place: Place, { rules }: Bounds): string | null {
  if (place.isProtected) return `${keyOf(place)} is protected and removed`
  const { decision, isGivenUp } = world.rows.find((one) => one.object === place.object) ?? {}
  if (isGivenUp || decision?.kind !== 'present' || place.want.kind !== 'leave' || place.data === 'awaits')
    return null
  if (rules.onMove === 'keep' || place.names.some((name) => name.incarnation !== decision.incarnation))
    return null
  const missing = decision.servers.find((server) => {
    const sibling = placeAt(world, place.object, server)
    return world.things[`${server}/${decision.identity}`]?.generation !== sibling?.generation
  })
  return missing === undefined ? null : `${keyOf(place)} goes before it stands on ${missing}`
}
