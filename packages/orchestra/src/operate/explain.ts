import { z } from 'zod'
import type { Loaded } from '../collector/index.ts'
import { type ObjectStatus, objectStatus } from '../placements/index.ts'
import { createRouter, type Explanation, listRoutes, routedServers } from '../router/index.ts'
import { objectField } from './fields.ts'
import { knownObject } from './known.ts'
import { loadObject } from './objects.ts'
import { reading } from './verb.ts'

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
    const loaded = await loadObject(store, model, key)
    const status = await objectStatus(store, model.name, key, { config })
    const router = createRouter(config.backends.values(), await listRoutes(store), await routedServers(store))
    const routes = loaded.kind === 'present' ? router.explain(model.name, loaded.object) : []
    return { ...status, state: stateOf(loaded), routes }
  },
})

function stateOf(loaded: Loaded): ObjectExplained['state'] {
  return { kind: loaded.kind, reason: 'reason' in loaded ? loaded.reason : null }
}
