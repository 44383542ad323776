import { placedIn } from '../removal/index.ts'
import type { Queryable } from '../store/index.ts'

/** What a server has of work and objects. */
export interface ServerUse {
  /** Routes that lead to it alone. */
  routes: number
  /** Routes that lead to it by its tags. */
  tagRoutes: number
  /** Operations that have not ended. */
  operations: number
  /** Objects that stand there, as far as Orchestra put them there. */
  placements: number
  /** The first of them by name. */
  objects: string[]
}

const MOST_NAMES = 10

export async function useOf(db: Queryable, serverId: number): Promise<ServerUse> {
  const [uses] = await db.query<Omit<ServerUse, 'placements' | 'objects'>>(
    `select
       (select count(*) from orchestra.route where server_id = $1) as routes,
       (select count(*) from orchestra.route join orchestra.server on server.id = $1
        where cardinality(route.tags) > 0 and server.tags @> route.tags) as "tagRoutes",
       (select count(*) from orchestra.operation
        where server_id = $1 and state in ('waiting', 'running')) as operations`,
    [serverId],
  )
  const { count, names } = await placedIn(db, { serverId, backend: null, object: null }, MOST_NAMES)
  const { routes = 0, tagRoutes = 0, operations = 0 } = uses ?? {}
  return { routes, tagRoutes, operations, placements: count, objects: names }
}

/** Whether anything would be lost with it. */
export function isUsed({ routes, operations, placements }: ServerUse): boolean {
  return routes + operations + placements > 0
}

/** `2 routes, 1 open operations and no placed objects` */
export function useText({ routes, operations, placements, objects }: ServerUse): string {
  const more = placements > objects.length ? ` and ${placements - objects.length} more` : ''
  const placed =
    placements === 0 ? 'no placed objects' : `${placements} placed objects: ${objects.join(', ')}${more}`
  return `${routes} routes, ${operations} open operations and ${placed}`
}
