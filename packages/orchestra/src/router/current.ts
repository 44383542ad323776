import type { Backend } from '../config/backend.ts'
import type { Queryable } from '../store/index.ts'
import { routesRevision } from './revision.ts'
import { createRouter, type Router } from './router.ts'
import { listRoutes, routedServers } from './routes.ts'

/**
 * The router of the routes as they are now. Asks the store for their revision every time, because a change that was
 * committed after a route must never meet the routes of before; compiles only when it differs.
 */
export class CurrentRouter {
  readonly #backends: readonly Backend[]
  #known: { revision: number; router: Router } | undefined

  constructor(backends: Iterable<Backend>) {
    this.#backends = [...backends]
  }

  async get(store: Queryable): Promise<Router> {
    return (await this.look(store)).router
  }

  /** With the revision of the routes that it was made of, or an earlier one. */
  async look(store: Queryable): Promise<{ revision: number; router: Router }> {
    const revision = await routesRevision(store)
    if (this.#known?.revision === revision) return this.#known
    // Routes read after the revision are at least as new, so at worst they are read once more.
    const router = createRouter(this.#backends, await listRoutes(store), await routedServers(store))
    this.#known = { revision, router }
    return this.#known
  }
}
