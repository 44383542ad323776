export { compareMatches, type MatchComparison } from './compare.ts'
export { type Completion, completionOf } from './completion.ts'
export { CurrentRouter } from './current.ts'
export {
  type Destination,
  destinationName,
  destinationsOf,
  leadsTo,
  type RoutedServer,
} from './destination.ts'
export { decideFailuresAgain } from './failures.ts'
export { MatchFault } from './invalid.ts'
export { variableOf } from './language.ts'
export { compileMatch, type Match, type MatchAnswer } from './match.ts'
export { routesRevision, touchRoutes } from './revision.ts'
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
  type ChangeOptions,
  changedRoute,
  countRoutes,
  type DestinationOptions,
  disableRoute,
  enableRoute,
  findRoutes,
  getRoute,
  listRoutes,
  lockDestination,
  type NewRoute,
  type Route,
  type RouteChange,
  removeRoute,
  routedServers,
  routeFilters,
  setRoute,
  unknownRoute,
} from './routes.ts'
export { type NamedObject, type Trial, tryRoute } from './try.ts'
