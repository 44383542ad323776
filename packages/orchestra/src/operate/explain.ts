import { z } from 'zod'
import type { Loaded } from '../collector/index.ts'
import { listPlacements, type ObjectStatus, objectStatus } from '../placements/index.ts'
import { createRouter, type Explanation, listRoutes, routedServers } from '../router/index.ts'
import type { Narrowing, Queryable } from '../store/index.ts'
import type { Context } from './context.ts'
import { objectField } from './fields.ts'
import { knownObject, unknownObject } from './known.ts'
import { loadObject } from './objects.ts'
import { reading } from './verb.ts'
import { isVisible, visibleRows } from './visible.ts'

/** Why an object is where it is. */
export interface ObjectExplained extends ObjectStatus {
  /** How its row is now, and what is wrong with it. */
  state: { kind: Loaded['kind']; reason: string | null }
  /** What each route says of it, and by which fields. */
  routes: Explanation[]
}

export const objectExplain = reading({
  name: 'object.explain',
  about: 'Why an object is where it is: its routes, what stands where, what waits for what',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ object: objectField }),
  run: async (context, { object }): Promise<ObjectExplained> => {
    const { store, config } = context
    const { model, key } = await knownObject(context, object)
    const visible = visibleRows(context, 'status.read', 'object.data')
    if (visible !== undefined && !(await isSomewhere(store, { object, visible })))
      throw await unknownObject(context, model, key)
    const loaded = await loadObject(store, model, key)
    const status = await objectStatus(store, model.name, key, { config }, visible)
    const router = createRouter(config.backends.values(), await listRoutes(store), await routedServers(store))
    const routes = loaded.kind === 'present' ? router.explain(model.name, loaded.object) : []
    return { ...status, state: stateOf(loaded), routes: routesFor(context, routes, visible) }
  },
})

/** Where there is something of it that somebody may see; where it only is to be, whoever has limits is told by nobody. */
async function isSomewhere(
  store: Queryable,
  { object, visible }: { object: string; visible: Narrowing },
): Promise<boolean> {
  return (await listPlacements(store, { object, visible, limit: 1 })).length > 0
}

/** A route is seen where it leads; of several servers, those alone that whoever asks may see. */
function routesFor(
  context: Pick<Context, 'principal'>,
  routes: Explanation[],
  visible: Narrowing | undefined,
): Explanation[] {
  if (visible === undefined) return routes
  return routes
    .filter(({ route }) => isVisible(context, route))
    .map((one) => ({
      ...one,
      servers: one.servers.filter((server) => isVisible(context, { server, backend: one.backend })),
    }))
}

function stateOf(loaded: Loaded): ObjectExplained['state'] {
  return { kind: loaded.kind, reason: 'reason' in loaded ? loaded.reason : null }
}
