import type { Decision } from '../../../src/places/index.ts'
import type { Place } from '../../../src/places/place.ts'
import { abandoned, afterwards, former } from './data.ts'
import { calm, type Engine, type Event, event } from './engine.ts'
import { asks, claims, ends } from './runs.ts'
import { type Bounds, keyOf, type Row, type World, withPlaces } from './world.ts'

/** All that can happen next. */
export function eventsOf(world: World, bounds: Bounds, engine: Engine): Event[] {
  return happenings(world, bounds, engine).map((event) => ({
    ...event,
    world: afterwards(event.world, engine),
  }))
}

function happenings(world: World, bounds: Bounds, engine: Engine): Event[] {
  return [
    ...claims(world, bounds, engine),
    ...ends(world, bounds, engine),
    ...asks(world, bounds, engine),
    ...time(world),
    ...(world.changes > 0 ? changes(world, bounds, engine) : []),
    ...(world.persons > 0 ? persons(world, engine) : []),
  ]
}

function changes(world: World, bounds: Bounds, engine: Engine): Event[] {
  return world.rows.flatMap((row) =>
    decisionsOf(row, bounds).map((decision) => ({
      name: `${row.object} is ${JSON.stringify(decision)}`,
      isCalm: false,
      world: decided({ ...world, changes: world.changes - 1 }, row, decision, bounds, engine),
    })),
  )
}

function decisionsOf({ decision }: Row, { names, servers, reuse }: Bounds): Decision[] {
  const incarnation = decision.kind === 'present' ? decision.incarnation : 0
  const incarnations = reuse && decision.kind === 'present' ? [incarnation, incarnation + 1] : [incarnation]
  const present = incarnations.flatMap((incarnation) =>
    subsets(servers).flatMap((servers) =>
      names.map((identity) => ({ kind: 'present', identity, revision: '', incarnation, servers }) as const),
    ),
  )
  const all: Decision[] = [{ kind: 'gone' }, ...present]
  return all.filter((one) => JSON.stringify(one) !== JSON.stringify(decision))
}

function subsets<T>(items: readonly T[]): T[][] {
  const [first, ...others] = items
  if (first === undefined) return [[]]
  const without = subsets(others)
  return [...without, ...without.map((one) => [first, ...one])]
}

function decided(world: World, row: Row, decision: Decision, { rules }: Bounds, engine: Engine): World {
  const own = world.places.filter((place) => place.object === row.object)
  const decisions = world.decisions + 1
  const isAnother =
    decision.kind === 'gone' ||
    (row.decision.kind === 'present' && row.decision.incarnation !== decision.incarnation)
  const things = isAnother ? former(world.things, row.object) : world.things
  const rows = world.rows.map((one) =>
    one === row ? { ...row, decision, hasData: isAnother ? false : row.hasData } : one,
  )
  return withPlaces(
    { ...world, things, rows, decisions },
    own,
    engine.decide(row.object, own, decision, rules, decisions),
  )
}

function time(world: World): Event[] {
  if (world.places.every((place) => place.due === 0)) return []
  return [calm('time passes', { ...world, places: world.places.map((place) => ({ ...place, due: 0 })) })]
}

function persons(world: World, engine: Engine): Event[] {
  const less = { ...world, persons: world.persons - 1 }
  return world.places.flatMap((place) => [
    event(`${keyOf(place)} is cancelled`, withPlaces(less, [place], [engine.cancel(place)])),
    event(
      `${keyOf(place)} is protected`,
      withPlaces(less, [place], [engine.protect(place, !place.isProtected)]),
    ),
    event(`${keyOf(place)} is tried again`, withPlaces(less, [place], [engine.retry(place)])),
    event(`${keyOf(place)} is forgotten`, forgotten(less, place, engine)),
  ])
}

function forgotten(world: World, place: Place, engine: Engine): World {
  const [kept] = engine.forget(place)
  const rows = world.rows.map((row) => (row.object === place.object ? { ...row, isGivenUp: true } : row))
  return abandoned(withPlaces({ ...world, rows }, [place], kept === undefined ? [] : [kept]), {
    ...place,
    isForgotten: true,
  })
}
