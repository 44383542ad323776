import { z } from 'zod'
import { backendNamed } from '../config/names.ts'
import type { Rerouting } from '../plan/index.ts'
import { addRoute, lockDestination, type Route, type Trial, tryRoute } from '../router/index.ts'
import type { Context } from './context.ts'
import { defined, flagField, matchField, nameField, nameList } from './fields.ts'
import { someObjects } from './objects.ts'
import { agreedTo, previewRoutes, type ReroutingQuestion, warnOfTags, withRoute } from './rerouting.ts'
import { writing } from './verb.ts'

/** A route that was tried on every object, and added if that was agreed to. */
export interface RouteAdded {
  /** Null where it was not added. */
  route: Route | null
  trial: Trial
  preview: Rerouting
}

export const routeAdd = writing({
  name: 'route.add',
  about: 'Sends the objects of a backend that match to a server, or to all servers with a tag',
  needs: 'key',
  answers: 'late',
  input: z.strictObject({
    backend: nameField,
    server: nameField.optional(),
    tags: nameList.optional(),
    match: matchField.default('true'),
    dryRun: flagField,
  }),
  audit: { action: 'route.add', target: ({ backend }) => `backend ${backend}` },
  run: async (context: Context<ReroutingQuestion>, { dryRun, ...given }): Promise<RouteAdded> => {
    const { store, config, principal } = context
    const wanted = defined(given)
    const { model } = backendNamed(config, wanted.backend)
    const trial = await tryRoute(model, wanted.match, (limit) => someObjects(store, model, limit))
    const destination = await lockDestination(store, wanted)
    const route: Route = {
      id: 0,
      backend: wanted.backend,
      match: wanted.match,
      enabled: true,
      ...destination,
    }
    const preview = await previewRoutes(context, [wanted.backend], (before) => withRoute(before, route))
    await warnOfTags(context, destination.tags ?? [])
    const goesOn = !dryRun && (await agreedTo(context, { preview, trial })) === 'given'
    const added = goesOn ? await addRoute(store, config, { ...wanted, by: principal.name }) : null
    return { route: added, trial, preview }
  },
})
