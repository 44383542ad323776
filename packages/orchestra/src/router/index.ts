export { CurrentRouter } from './current.ts'
export { variableOf } from './language.ts'
export { compileMatch, type Match, type Verdict } from './match.ts'
export { routesRevision } from './revision.ts'
export {
  createRouter,
  type Explanation,
  type RouteError,
  type Router,
  type Routing,
  routeErrorMessage,
} from './router.ts'
export {
  addRoute,
  disableRoute,
  enableRoute,
  getRoute,
  listRoutes,
  type NewRoute,
  type Route,
  removeRoute,
} from './routes.ts'
export { type NamedObject, type Trial, tryRoute } from './try.ts'
