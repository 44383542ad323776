import type { Store } from '../../src/store/index.ts'
import { type Box, contentOf } from './boxes.ts'

interface Place {
  backend: string
  server: string
}

/** A copy that stays where its object does not belong. */
export interface Left extends Place {
  identity: string
}

/** What the database and its routes ask for. */
export interface Desired {
  boxes: readonly Box[]
  routes: readonly (Place & { match: string })[]
  left: readonly Left[]
}

export async function readDesired(store: Store): Promise<Desired> {
  return {
    boxes: await store.query<Box>('select id, name, body, place from box order by id'),
    routes: await store.query(
      `select r.backend, s.name as server, r.match from orchestra.route r
       join orchestra.server s on s.id = r.server_id where r.enabled`,
    ),
    left: await store.query<Left>(
      `select p.backend, s.name as server, p.identity from orchestra.placement p
       join orchestra.server s on s.id = p.server_id where p.state = 'kept'
       union all
       select p.backend, s.name, n.one ->> 'identity' as identity from orchestra.placement p
       join orchestra.server s on s.id = p.server_id cross join lateral jsonb_array_elements(p.names) as n(one)
       where n.one ->> 'state' = 'left'`,
    ),
  }
}

/** The boxes that a backend has on a server. */
export function boxesOn({ boxes, routes }: Desired, backend: string, server: string): Box[] {
  const leading = routes.filter((route) => route.backend === backend && route.server === server)
  return boxes.filter(({ place }) =>
    leading.some(({ match }) => match === 'true' || match === matchOf(place)),
  )
}

export function matchOf(place: string): string {
  return `box.place == "${place}"`
}

/** The files that a server must have, by path; of a token only its place is known. */
export function filesOn(desired: Desired, server: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const backend of ['conf', 'kept'])
    for (const box of boxesOn(desired, backend, server))
      files[`${backend}/${box.name}`] = contentOf(backend, box)
  for (const box of boxesOn(desired, 'data', server)) {
    files[`data/${box.name}/about`] = contentOf('data', box)
    files[`data/${box.name}/precious`] = `${box.id}-`
  }
  return files
}

/** The lines of the one file for all, in any order. */
export function linesOn(desired: Desired, server: string): string[] {
  return boxesOn(desired, 'pool', server)
    .map((box) => contentOf('pool', box))
    .sort()
}
