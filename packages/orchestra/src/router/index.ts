export { CurrentRouter } from './current.ts'
export {
  type Destination,
  destinationName,
  destinationsOf,
  leadsTo,
  type RoutedServer,
} from './destination.ts'
export { decideFailuresAgain } from './failures.ts'
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
  type DestinationOptions,
  disableRoute,
  enableRoute,
  getRoute,
  listRoutes,
  lockDestination,
  type NewRoute,
  type Route,
  type RouteChange,
  removeRoute,
  routedServers,
  setRoute,
  unknownRoute,
} from './routes.ts'
export { type NamedObject, type Trial, tryRoute } from './try.ts'
