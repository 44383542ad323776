import type { World } from '../collector/index.ts'
import { type Router, routeErrorMessage } from '../router/index.ts'

/** The router as the collector and plans ask it. */
export function routeObjects(router: Router): World['route'] {
  return (backend, object, name) => {
    const { serverIds, heldServerIds, errors } = router.route(backend.name, object)
    return { serverIds, heldServerIds, errors: errors.map((error) => routeErrorMessage(error, name)) }
  }
}
