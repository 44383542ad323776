import type { Backend } from '../config/backend.ts'
import type { Model } from '../config/model.ts'
import { messageOf } from '../errors.ts'
import { createLanguage, type Language } from './language.ts'
import { compileIn, type Match, type Prepared, prepare, type Verdict } from './match.ts'
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
  verdict: Verdict
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

/** A route whose expression fits, or the reason why it does not. */
interface CompiledRoute {
  route: Route
  match: Match | { error: string }
}

interface CompiledBackend {
  name: string
  language: Language
  routes: readonly CompiledRoute[]
}

export function createRouter(backends: Iterable<Backend>, routes: readonly Route[]): Router {
  const compiled = compileBackends(backends, routes)
  return {
    route: (name, object) => {
      const backend = compiled.get(name)
      return backend === undefined ? routing([]) : routing(verdicts(backend, object))
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
    compiled.set(name, { name, language, routes: own.map((route) => compileRoute(language, route)) })
  }
  return compiled
}

/** A route that was good once may not fit a changed model: it fails its objects instead of everything. */
function compileRoute(language: Language, route: Route): CompiledRoute {
  try {
    return { route, match: compileIn(language, route.match) }
  } catch (error) {
    return { route, match: { error: messageOf(error) } }
  }
}

interface RouteVerdict {
  compiled: CompiledRoute
  verdict: Verdict
}

function verdicts({ language, routes }: CompiledBackend, object: unknown): RouteVerdict[] {
  if (routes.length === 0) return []
  const prepared = prepare(language, object)
  return routes.map((compiled) => ({ compiled, verdict: verdictOf(compiled, prepared) }))
}

function verdictOf({ match }: CompiledRoute, prepared: Prepared): Verdict {
  return 'error' in match ? match : match.test(prepared)
}

function routing(verdicts: readonly RouteVerdict[]): Routing {
  const enabled = new Set<number>()
  const disabled = new Set<number>()
  const errors: RouteError[] = []
  for (const { compiled, verdict } of verdicts) {
    const { route } = compiled
    if (verdict === 'not-matched') continue
    // A disabled route that cannot tell lets the work wait too: it may match, and must not go on failing objects.
    if (!route.enabled) disabled.add(route.serverId)
    else if (verdict === 'matched') enabled.add(route.serverId)
    else errors.push({ route, reason: verdict.error })
  }
  const heldServerIds = [...disabled].filter((id) => !enabled.has(id))
  return { serverIds: [...enabled], heldServerIds, errors }
}

function explainBackend(backend: CompiledBackend, object: unknown): Explanation[] {
  const { name, language } = backend
  return verdicts(backend, object).map(({ compiled: { route, match }, verdict }) => ({
    backend: name,
    route,
    verdict,
    reads: 'error' in match ? [] : match.reads.map((path) => readField(language.variable, path, object)),
  }))
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
  return `Route ${route.id} (${route.backend} to ${route.server}, ${route.match}) fails for ${object}: ${reason}`
}
