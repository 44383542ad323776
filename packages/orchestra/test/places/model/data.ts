import type { Place } from '../../../src/places/place.ts'
import type { Engine } from './engine.ts'
import { placeAt, type Thing, type World, withPlaces } from './world.ts'

/** Data of an object that is gone counts for nothing any more. */
export function former(things: World['things'], object: string): World['things'] {
  return Object.fromEntries(
    Object.entries(withoutData(things, object)).map(([path, thing]) => [
      path,
      thing.object === object ? { ...thing, isFormer: true } : thing,
    ]),
  )
}

export function withoutData(things: World['things'], object: string, server?: string): World['things'] {
  return Object.fromEntries(
    Object.entries(things).map(([path, thing]) => {
      const isMeant = thing.object === object && (server === undefined || path.startsWith(`${server}/`))
      return [path, isMeant ? { ...thing, hasData: false } : thing] as [string, Thing]
    }),
  )
}

/** What is on a server of a place that was given up is nobody's. */
export function abandoned(world: World, { object, server, isForgotten }: Place): World {
  if (!isForgotten || placeAt(world, object, server) !== undefined) return world
  const things = Object.fromEntries(
    Object.entries(world.things).map(([path, thing]) => {
      const isMeant = thing.object === object && path.startsWith(`${server}/`)
      return [path, isMeant ? { ...thing, isAbandoned: true, hasData: false } : thing] as [string, Thing]
    }),
  )
  const rows = world.rows.map((row) => (row.object === object ? { ...row, hasData: false } : row))
  return { ...world, things, rows }
}

/** What follows from anything that happened to the places of objects. */
export function afterwards(world: World, engine: Engine): World {
  const places = world.rows.flatMap(({ object }) =>
    engine.owned(world.places.filter((place) => place.object === object)),
  )
  return withRowData(crowned(withPlaces({ ...world, places: [] }, [], places)))
}

/** Where the copy that counted never came about, the beginning of another is the data. */
function crowned(world: World): World {
  const things = { ...world.things }
  for (const { object, decision } of world.rows) {
    if (decision.kind === 'gone' || Object.values(things).some((one) => one.object === object && one.hasData))
      continue
    const found = Object.entries(things).find(
      ([path, thing]) =>
        thing.object === object &&
        !thing.isAbandoned &&
        !thing.isFormer &&
        placeAt(world, object, path.split('/')[0] ?? '')?.data === 'own',
    )
    if (found !== undefined) things[found[0]] = { ...found[1], hasData: true }
  }
  return { ...world, things }
}

function withRowData(world: World): World {
  const rows = world.rows.map((row) => ({
    ...row,
    hasData:
      row.hasData ||
      (row.decision.kind === 'present' &&
        Object.values(world.things).some((thing) => thing.object === row.object && thing.hasData)),
  }))
  return { ...world, rows }
}
