import { z } from 'zod'
import { backendNamed } from '../config/names.ts'
import { compareMatches, getRoute, type MatchComparison, unknownRoute } from '../router/index.ts'
import type { Store } from '../store/index.ts'
import { limitField, matchField, nameField, routeField } from './fields.ts'
import { someObjects } from './objects.ts'
import { reading } from './verb.ts'

/** Objects that one answer looks at. */
const MOST_TRIED = 10_000

export const routePreview = reading({
  name: 'route.preview',
  about:
    'What an expression would match of some objects, and what it gains and loses beside a route that is there',
  needs: 'key',
  answers: 'soon',
  input: z.strictObject({
    backend: nameField,
    match: matchField,
    /** The route that it is to be the expression of; without it, it is a new one. */
    route: routeField.optional(),
    /** How many objects are looked at. */
    limit: limitField.max(MOST_TRIED).default(500),
  }),
  run: async ({ store, config }, { backend, match: text, route, limit }): Promise<MatchComparison> => {
    const { model } = backendNamed(config, backend)
    const before = route === undefined ? null : await matchOf(store, backend, route)
    return compareMatches(model, { text, before }, () => someObjects(store, model, limit))
  },
})

/** What one of a backend says has a meaning for its model alone. */
async function matchOf(store: Store, backend: string, id: number): Promise<string> {
  const route = await getRoute(store, id)
  if (route.backend !== backend) throw unknownRoute(id)
  return route.match
}
