import { z } from 'zod'
import { OrchestraError } from '../errors.ts'
import type { Rerouting } from '../plan/index.ts'
import {
  changedRoute,
  disableRoute,
  enableRoute,
  getRoute,
  type Route,
  removeRoute,
  setRoute,
} from '../router/index.ts'
import type { Context } from './context.ts'
import { defined, flagField, matchField, nameField, nameList, routeField } from './fields.ts'
import {
  agreedTo,
  allowedBy,
  previewRoutes,
  type ReroutingQuestion,
  type RoutingTable,
  warnOfTags,
  withRoute,
} from './rerouting.ts'
import { writing } from './verb.ts'

/** A route as it is now, and what its change did or would do. */
export interface RouteChanged extends Route {
  changed: boolean
  preview: Rerouting
}

/** A route that was removed, or would be. */
export interface RouteRemoved extends Route {
  removed: boolean
  preview: Rerouting
}

const target = ({ route }: { route: number }) => `route:${route}`
const switched = z.strictObject({ route: routeField, dryRun: flagField })

export const routeSet = writing({
  name: 'route.set',
  about: 'Changes a route in place',
  needs: 'key',
  answers: 'late',
  input: z.strictObject({
    route: routeField,
    match: matchField.optional(),
    server: nameField.optional(),
    tags: nameList.optional(),
    dryRun: flagField,
  }),
  audit: { action: 'route.set', target },
  run: async (
    context: Context<ReroutingQuestion>,
    { route: id, dryRun, ...given },
  ): Promise<RouteChanged> => {
    const { store, config, principal } = context
    const change = defined(given)
    if (Object.keys(change).length === 0) throw nothingGiven()
    const before = await getRoute(store, id)
    const after = await changedRoute(store, config, before, change)
    await warnOfTags(context, after.tags ?? [])
    const { goesOn, preview } = await previewed(context, before, dryRun, (now) => withRoute(now, after))
    if (!goesOn) return { ...before, changed: false, preview }
    const options = { ...change, by: principal.name, ...allowedBy(preview) }
    return { ...(await setRoute(store, config, id, options)), changed: true, preview }
  },
})

export const routeEnable = writing({
  name: 'route.enable',
  about: 'Lets the work of a route run again',
  needs: 'key',
  answers: 'late',
  input: switched,
  audit: { action: 'route.enable', target },
  run: (context: Context<ReroutingQuestion>, { route, dryRun }): Promise<RouteChanged> =>
    switchRoute(context, { id: route, enabled: true, dryRun }),
})

export const routeDisable = writing({
  name: 'route.disable',
  about: 'Lets the work of a route wait; nothing is lost',
  needs: 'key',
  answers: 'late',
  input: switched,
  audit: { action: 'route.disable', target },
  run: (context: Context<ReroutingQuestion>, { route, dryRun }): Promise<RouteChanged> =>
    switchRoute(context, { id: route, enabled: false, dryRun }),
})

async function switchRoute(
  context: Context<ReroutingQuestion>,
  { id, enabled, dryRun }: { id: number; enabled: boolean; dryRun: boolean },
): Promise<RouteChanged> {
  const { store, principal } = context
  const before = await getRoute(store, id)
  const after = { ...before, enabled }
  const { goesOn, preview } = await previewed(context, before, dryRun, (now) => withRoute(now, after))
  if (!goesOn) return { ...before, changed: false, preview }
  const by = principal.name
  if (enabled) await enableRoute(store, id, { by, ...allowedBy(preview) })
  else await disableRoute(store, id, { by })
  return { ...after, changed: true, preview }
}

export const routeRemove = writing({
  name: 'route.remove',
  about: 'Removes a route: what it placed is kept, removed or moved as `onMove` of its backend says',
  needs: 'key',
  answers: 'late',
  input: switched,
  audit: { action: 'route.remove', target },
  run: async (context: Context<ReroutingQuestion>, { route: id, dryRun }): Promise<RouteRemoved> => {
    const { store, principal } = context
    const route = await getRoute(store, id)
    const { goesOn, preview } = await previewed(context, route, dryRun, ({ routes, servers }) => ({
      servers,
      routes: routes.filter((one) => one.id !== id),
    }))
    if (goesOn) await removeRoute(store, id, { by: principal.name, ...allowedBy(preview) })
    return { ...route, removed: goesOn, preview }
  },
})

/** What a change of a route would do, and whether it is to be done. */
async function previewed(
  context: Context<ReroutingQuestion>,
  { backend }: Route,
  dryRun: boolean,
  change: (table: RoutingTable) => RoutingTable,
): Promise<{ goesOn: boolean; preview: Rerouting }> {
  const preview = await previewRoutes(context, [backend], change)
  const goesOn = !dryRun && (await agreedTo(context, { preview, trial: null })) === 'given'
  return { goesOn, preview }
}

function nothingGiven(): OrchestraError {
  return new OrchestraError('ORC_USAGE', 'Nothing says what is to be changed', {
    hint: 'For example: orchestra route set 3 --match \'site.plan == "pro"\'',
  })
}
