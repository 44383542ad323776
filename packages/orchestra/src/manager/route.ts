import type { World } from '../collector/index.ts'
import { type CurrentRouter, type Router, routeErrorMessage } from '../router/index.ts'
import type { Queryable } from '../store/index.ts'

/** The routes, and the number by which one tells whether they still are the same. */
export interface CurrentRoutes {
  route: World['route']
  revision: number
}

/** The router as the collector and plans ask it. */
export function routeObjects(router: Router): World['route'] {
  return (backend, object, name) => {
    const { serverIds, heldServerIds, errors } = router.route(backend.name, object)
    return { serverIds, heldServerIds, errors: errors.map((error) => routeErrorMessage(error, name)) }
  }
}

export async function currentRoutes(router: CurrentRouter, db: Queryable): Promise<CurrentRoutes> {
  const { router: compiled, revision } = await router.look(db)
  return { route: routeObjects(compiled), revision }
}
