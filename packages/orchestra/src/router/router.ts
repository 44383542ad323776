import type { Backend } from '../config/backend.ts'
import type { Model } from '../config/model.ts'
import { messageOf } from '../errors.ts'
import { chosenNames } from './chosen.ts'
import { destinationName, destinationsOf, type RoutedServer } from './destination.ts'
import { createLanguage, type Language } from './language.ts'
import { compileIn, type Match, type MatchAnswer, type Prepared, prepare } from './match.ts'
import { type Path, readPath } from './reads.ts'
import type { Route } from './routes.ts'

/** Where one object goes. */
export interface Routing {
  serverIds: number[]
  /** Servers that only disabled routes lead to: work for them waits until somebody enables or removes the route. */
  heldServerIds: number[]
  /** Routes that could not tell. The object may belong on their servers, so its operation must fail, not vanish. */
  errors: RouteError[]
}

export interface RouteError {
  route: Route
  reason: string
}

/** What one route says about one object, and why. */
export interface Explanation {
  backend: string
  route: Route
  /** Of a route to several servers: whether it matches on any. */
  verdict: MatchAnswer
  /** Names of the servers that it leads the object to. */
  servers: string[]
  /** The fields that the expression reads, with their values: `site.plan`. */
  reads: { field: string; value: unknown }[]
}

/** Decides by its routes which servers an object belongs on. Pure: made anew when the routes change. */
export interface Router {
  /** Objects are as backends receive them. */
  route(backend: string, object: unknown): Routing
  /** Every route of every backend of the model. */
  explain(model: string, object: unknown): Explanation[]
  /** Routes that lead nowhere: their backend is gone, or their expression no longer fits its model. */
  readonly problems: readonly RouteError[]
}

/** A server in the form that expressions run on. */
interface CompiledServer {
  id: number
  name: string
  value: object
}

/** A route whose expression fits, or the reason why it does not, and where it leads. */
interface CompiledRoute {
  route: Route
  match: Match | { error: string }
  servers: ReadonlyMap<string, CompiledServer>
}

interface CompiledBackend {
  name: string
  language: Language
  routes: readonly CompiledRoute[]
}

/** @param servers all that there are, with their tags */
export function createRouter(
  backends: Iterable<Backend>,
  routes: readonly Route[],
  servers: readonly RoutedServer[] = [],
): Router {
  const compiled = compileBackends(backends, routes, servers)
  return {
    route: (name, object) => {
      const backend = compiled.get(name)
      return backend === undefined ? routing([]) : routing(answers(backend, object))
    },
    explain: (model, object) =>
      [...compiled.values()]
        .filter((backend) => backend.language.model.name === model)
        .flatMap((backend) => explainBackend(backend, object)),
    problems: findProblems(compiled, routes),
  }
}

function compileBackends(
  backends: Iterable<Backend>,
  routes: readonly Route[],
  servers: readonly RoutedServer[],
): Map<string, CompiledBackend> {
  const languages = new Map<Model, Language>()
  const languageOf = (model: Model) => {
    const language = languages.get(model) ?? createLanguage(model)
    languages.set(model, language)
    return language
  }
  const compiled = new Map<string, CompiledBackend>()
  for (const { name, model } of backends) {
    const language = languageOf(model)
    const own = routes.filter((route) => route.backend === name)
    compiled.set(name, { name, language, routes: own.map((route) => compileRoute(language, route, servers)) })
  }
  return compiled
}

/** A route that was good once may not fit a changed model: it fails its objects instead of everything. */
function compileRoute(language: Language, route: Route, all: readonly RoutedServer[]): CompiledRoute {
  const destinations = destinationsOf(route, all).map((server) => {
    const { id, name } = server
    return [name, { id, name, value: language.serverOf(server) }] as const
  })
  const servers = new Map(destinations)
  try {
    return { route, match: compileIn(language, route.match), servers }
  } catch (error) {
    return { route, match: { error: messageOf(error) }, servers }
  }
}

/** What one route says about one object on some of its servers. */
interface Answer {
  compiled: CompiledRoute
  servers: readonly CompiledServer[]
  verdict: MatchAnswer
}

function answers({ language, routes }: CompiledBackend, object: unknown): Answer[] {
  if (routes.length === 0) return []
  const prepared = prepare(language, object)
  return routes.flatMap((compiled) => answersOf(compiled, prepared, object))
}

/** One answer for all servers, unless the expression asks about the server. */
function answersOf(compiled: CompiledRoute, prepared: Prepared, object: unknown): Answer[] {
  const { match } = compiled
  const servers = [...compiled.servers.values()]
  if ('error' in match || 'error' in prepared || !match.readsServer) {
    const verdict = 'error' in match ? match : match.test(prepared)
    return [{ compiled, servers, verdict }]
  }
  return candidates(compiled, match, object).map((server) => {
    return { compiled, servers: [server], verdict: match.test(prepared, server.value) }
  })
}

/** The servers on which the expression can match. */
function candidates({ servers }: CompiledRoute, { chooser }: Match, object: unknown): CompiledServer[] {
  const names = chooser === undefined ? undefined : chosenNames(object, chooser)
  if (names === undefined) return [...servers.values()]
  return names.flatMap((name) => servers.get(name) ?? [])
}

function routing(answers: readonly Answer[]): Routing {
  const enabled = new Set<number>()
  const disabled = new Set<number>()
  const errors = new Map<Route, RouteError>()
  for (const { compiled, servers, verdict } of answers) {
    const { route } = compiled
    if (verdict === 'not-matched') continue
    // A disabled route that cannot tell lets the work wait too: it may match, and must not go on failing objects.
    const places = !route.enabled ? disabled : verdict === 'matched' ? enabled : undefined
    for (const { id } of servers) places?.add(id)
    const isUnknown = typeof verdict !== 'string' && route.enabled && servers.length > 0
    if (isUnknown && !errors.has(route)) errors.set(route, { route, reason: verdict.error })
  }
  const heldServerIds = [...disabled].filter((id) => !enabled.has(id))
  return { serverIds: [...enabled], heldServerIds, errors: [...errors.values()] }
}

function explainBackend(backend: CompiledBackend, object: unknown): Explanation[] {
  const { name, language } = backend
  const all = Map.groupBy(answers(backend, object), ({ compiled }) => compiled)
  return backend.routes.map((compiled) => {
    const { route, match } = compiled
    const own = all.get(compiled) ?? []
    return {
      backend: name,
      route,
      verdict: strongest(own.map(({ verdict }) => verdict)),
      servers: own.flatMap(({ verdict, servers }) =>
        verdict === 'matched' ? servers.map((server) => server.name) : [],
      ),
      reads: 'error' in match ? [] : match.reads.map((path) => readField(language.variable, path, object)),
    }
  })
}

function strongest(verdicts: readonly MatchAnswer[]): MatchAnswer {
  if (verdicts.includes('matched')) return 'matched'
  return verdicts.find((verdict) => typeof verdict !== 'string') ?? 'not-matched'
}

function readField(variable: string, path: Path, object: unknown): Explanation['reads'][number] {
  // The object as a whole may hold secrets.
  const value = path.length === 0 ? undefined : readPath(object, path)
  return { field: [variable, ...path].join('.'), value }
}

function findProblems(
  compiled: ReadonlyMap<string, CompiledBackend>,
  routes: readonly Route[],
): RouteError[] {
  const orphans = routes.filter((route) => !compiled.has(route.backend))
  const broken = [...compiled.values()].flatMap((backend) => backend.routes).flatMap(problemOf)
  return [...orphans.map((route) => ({ route, reason: `there is no backend ${route.backend}` })), ...broken]
}

function problemOf({ route, match }: CompiledRoute): RouteError[] {
  return 'error' in match ? [{ route, reason: match.error }] : []
}

/** A route error as one line that names route, object and reason. */
export function routeErrorMessage({ route, reason }: RouteError, object: string): string {
  return `${route.id === 0 ? 'The new route' : `Route ${route.id}`} (${route.backend} to ${destinationName(route)}, ${route.match}) fails for ${object}: ${reason}`
}
