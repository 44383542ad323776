import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { backendNamed } from '../config/names.ts'
import { suggestion } from '../config/similar.ts'
import { OrchestraError } from '../errors.ts'
import {
  addRoute,
  changedRoute,
  createRouter,
  destinationName,
  destinationsOf,
  disableRoute,
  enableRoute,
  getRoute,
  listRoutes,
  lockDestination,
  type Route,
  type RouteChange,
  removeRoute,
  routedServers,
  setRoute,
  type Trial,
  tryRoute,
} from '../router/index.ts'
import type { Store } from '../store/index.ts'
import { type Act, severalTimes, wholeNumber, withExamples } from './command.ts'
import { nothingToChange } from './failure.ts'
import { someObjects } from './objects.ts'
import { allowedBy, decideOn, previewRoutes, type RoutingTable } from './rerouting.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { oneLine } from './text-width.ts'

export function addRouteCommands(program: Command, act: Act): void {
  const route = withExamples(
    program
      .command('route')
      .description('Routes say which objects go to which servers: add, list, set, enable, disable, remove'),
    'route list',
  )
  addAdding(route, act)
  const list = route.command('list').description('All routes').action(act(listCommand))
  withExamples(list, 'route list', 'route list --json')
  addSetting(route, act)
  addSwitching(route, act, 'enable', 'Let the work of a route run again')
  addSwitching(route, act, 'disable', 'Let the work of a route wait; nothing is lost')
  addRemoving(route, act)
}

function addAdding(route: Command, act: Act): void {
  const add = route
    .command('add <backend> [server] [match]')
    .description('Send the objects of a backend that match to a server, or to all servers with a tag')
    .option('--to-tag <tag>', 'To every server with this tag; several times: with all of them', severalTimes)
    .option('--dry-run', 'Check it and try it on every object only')
    .option('--yes', 'Do not ask')
    .action(act(addCommand))
  withExamples(
    add,
    'route add nginx web1',
    'route add nginx web2 \'site.plan == "pro"\'',
    "route add nginx --to-tag web 'server.name == site.host'",
    "route add nginx web2 'site.id % 2 == 0' --dry-run",
  )
}

function addSetting(route: Command, act: Act): void {
  const set = route
    .command('set')
    .argument('<route>', 'Its number', wholeNumber(1))
    .description('Change a route in place; shows what goes where then, and asks')
    .option('--match <expression>', 'Which objects it sends')
    .option('--server <server>', 'Where it leads')
    .option('--to-tag <tag>', 'To every server with this tag; several times: with all of them', severalTimes)
    .option('--dry-run', 'Show only')
    .option('--yes', 'Do not ask')
    .action(act(setCommand))
  withExamples(
    set,
    'route set 3 --match \'site.plan == "pro"\' --dry-run',
    'route set 3 --server web2',
    'route set 3 --to-tag web --yes',
  )
}

/** Which way a route is switched. */
type Turn = 'enable' | 'disable'

function addSwitching(route: Command, act: Act, turn: Turn, description: string): void {
  const command = route
    .command(turn)
    .argument('<route>', 'Its number', wholeNumber(1))
    .description(`${description}; shows what that does, and asks where something goes or stays behind`)
    .option('--dry-run', 'Show only')
    .option('--yes', 'Do not ask')
    .action(act((session, id: number, options: Consenting) => switchCommand(session, id, turn, options)))
  withExamples(command, `route ${turn} 3 --dry-run`, `route ${turn} 3`)
}

function addRemoving(route: Command, act: Act): void {
  const remove = route
    .command('remove')
    .argument('<route>', 'Its number', wholeNumber(1))
    .description(
      'Remove a route: what it placed is kept, removed or moved as `onMove` of its backend says; shows that, and asks',
    )
    .option('--dry-run', 'Show only')
    .option('--yes', 'Do not ask')
    .action(act(removeCommand))
  withExamples(remove, 'route remove 3 --dry-run', 'route remove 3', 'route remove 3 --yes')
}

interface Consenting {
  dryRun?: boolean
  yes?: boolean
}

/** Where tags say where it leads, what stands in the server's place is the expression. */
function destinationAndMatch(
  first: string | undefined,
  second: string | undefined,
  tags: readonly string[] | undefined,
): { server?: string; tags?: readonly string[]; match?: string } {
  if (tags === undefined) {
    return {
      ...(first === undefined ? {} : { server: first }),
      ...(second === undefined ? {} : { match: second }),
    }
  }
  if (second !== undefined) {
    throw new OrchestraError(
      'ORC_USAGE',
      `The route is to lead to the server ${JSON.stringify(first)} and to tags`,
      {
        hint: 'Give one of both: route add BACKEND SERVER [MATCH], or route add BACKEND --to-tag TAG [MATCH]',
      },
    )
  }
  return { tags, ...(first === undefined ? {} : { match: first }) }
}

async function addCommand(
  session: Session,
  backend: string,
  first: string | undefined,
  second: string | undefined,
  options: Consenting & { toTag?: string[] },
): Promise<Ending> {
  const { config } = await session.config()
  const store = await session.store()
  const wanted = destinationAndMatch(first, second, options.toTag)
  const match = wanted.match ?? 'true'
  const trial = await tryOut(session, config, backend, match)
  const destination = await lockDestination(store, wanted)
  const route: Route = { id: 0, backend, match, enabled: true, ...destination }
  const preview = await previewRoutes(session, [backend], (before) => withRoute(before, route))
  const { terminal } = session
  if (!terminal.json) for (const line of describeTrial(trial)) terminal.line(line)
  for (const note of await strangeTags(session, destination.tags ?? [])) terminal.note(note)
  const decision = await decideOn(session, preview, options)
  const added =
    decision === 'go' ? await addRoute(store, config, { backend, ...wanted, by: session.by }) : null
  terminal.tell({ route: added, trial, preview }, ...describeAdded(added))
  return decision === 'refused' ? 'unfinished' : 'done'
}

/** A tag may be given to a server later; one that none has yet may be a typo. */
async function strangeTags(session: Session, tags: readonly string[]): Promise<string[]> {
  const given = new Set((await routedServers(await session.store())).flatMap((server) => server.tags))
  return tags
    .filter((tag) => !given.has(tag))
    .map((tag) => `${suggestion(tag, given, '')}no server has the tag ${tag} yet`)
}

function withRoute({ routes, servers }: RoutingTable, route: Route): RoutingTable {
  return { servers, routes: [...routes.filter(({ id }) => id !== route.id), route] }
}

async function tryOut(session: Session, config: Config, name: string, match: string): Promise<Trial> {
  const store = await session.store()
  const { model } = backendNamed(config, name)
  return tryRoute(model, match, (limit) => someObjects(store, model, limit))
}

function describeTrial({ tried, matched, matching, others, errors, asksServer }: Trial): string[] {
  if (asksServer) return []
  if (tried === 0) return ['there are no objects yet to try it on']
  return [
    `tried on ${tried} objects: ${matched} match`,
    ...(matching.length === 0 ? [] : [`  match: ${matching.map(oneLine).join(', ')}`]),
    ...(others.length === 0 ? [] : [`  do not: ${others.map(oneLine).join(', ')}`]),
    ...errors.slice(0, 5).map(({ name, reason }) => `  cannot tell for ${oneLine(name)}: ${oneLine(reason)}`),
  ]
}

function describeAdded(route: Route | null): string[] {
  if (route === null) return ['nothing was added']
  return [
    `route ${route.id} is added: ${route.backend} to ${destinationName(route)} where ${oneLine(route.match)}`,
    'rows that match are placed now: orchestra status',
  ]
}

interface RouteView extends Route {
  /** Names of the servers that it leads to now. */
  servers: string[]
  /** Why it leads nowhere. */
  problem: string | null
}

async function listCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const { config } = await session.config()
  const store = await session.store()
  const [routes, servers] = [await listRoutes(store), await routedServers(store)]
  const { problems } = createRouter(config.backends.values(), routes, servers)
  const views: RouteView[] = routes.map((route) => {
    const own = destinationsOf(route, servers).map(({ name }) => name)
    const broken = problems.find((problem) => problem.route.id === route.id)?.reason ?? null
    return { ...route, servers: own, problem: broken ?? (own.length === 0 ? 'no server has its tags' : null) }
  })
  terminal.tell(views, ...table(columns, views, terminal.width))
  if (routes.length === 0) terminal.note('no routes: add one with `orchestra route add BACKEND SERVER`')
  return 'done'
}

const columns: Column<RouteView>[] = [
  { title: 'ROUTE', value: (route) => route.id, align: 'right' },
  { title: 'BACKEND', value: (route) => route.backend },
  {
    title: 'SERVER',
    value: (route) =>
      route.server === null ? `${destinationName(route)} (${route.servers.length})` : route.server,
  },
  { title: 'STATE', value: (route) => (route.enabled ? 'enabled' : 'disabled') },
  { title: 'MATCH', value: (route) => route.match },
  { title: 'PROBLEM', value: (route) => route.problem },
]

async function setCommand(
  session: Session,
  id: number,
  { toTag, match, server, ...options }: Consenting & { toTag?: string[]; match?: string; server?: string },
): Promise<Ending> {
  if (toTag === undefined && match === undefined && server === undefined)
    throw nothingToChange('route set 3 --match \'site.plan == "pro"\'')
  const { config } = await session.config()
  const store = await session.store()
  const before = await getRoute(store, id)
  const change: RouteChange = { match, server, tags: toTag }
  const after = await changedRoute(store, config, before, change)
  const preview = await previewRoutes(session, [before.backend], (now) => withRoute(now, after))
  for (const note of await strangeTags(session, after.tags ?? [])) session.terminal.note(note)
  const decision = await decideOn(session, preview, options)
  const route =
    decision === 'go'
      ? await setRoute(store, config, id, { ...change, by: session.by, ...allowedBy(preview) })
      : before
  const text = `route ${id} sends ${route.backend} to ${destinationName(route)} where ${oneLine(route.match)}`
  session.terminal.tell(
    { ...route, changed: decision === 'go', preview },
    decision === 'go' ? text : stays(id),
  )
  return decision === 'refused' ? 'unfinished' : 'done'
}

function stays(id: number): string {
  return `route ${id} stays as it is`
}

async function switchCommand(session: Session, id: number, turn: Turn, options: Consenting): Promise<Ending> {
  const store = await session.store()
  const before = await getRoute(store, id)
  const after = { ...before, enabled: turn === 'enable' }
  const preview = await previewRoutes(session, [before.backend], (now) => withRoute(now, after))
  const decision = await decideOn(session, preview, options)
  if (decision === 'go') await switchRoute(store, id, turn, { by: session.by, ...allowedBy(preview) })
  session.terminal.tell(
    { ...(decision === 'go' ? after : before), changed: decision === 'go', preview },
    decision === 'go' ? `${nameOf(after)} is ${turn}d` : stays(id),
  )
  return decision === 'refused' ? 'unfinished' : 'done'
}

function switchRoute(
  store: Store,
  id: number,
  turn: Turn,
  { by, ...allowed }: { by: string; allowDeletes?: number },
): Promise<Route> {
  return turn === 'enable' ? enableRoute(store, id, { by, ...allowed }) : disableRoute(store, id, { by })
}

function nameOf(route: Route): string {
  return `route ${route.id} (${route.backend} to ${destinationName(route)})`
}

async function removeCommand(session: Session, id: number, options: Consenting): Promise<Ending> {
  const store = await session.store()
  const route = await getRoute(store, id)
  const preview = await previewRoutes(session, [route.backend], ({ routes, servers }) => ({
    servers,
    routes: routes.filter((one) => one.id !== id),
  }))
  const decision = await decideOn(session, preview, options)
  if (decision === 'go') await removeRoute(store, id, { by: session.by, ...allowedBy(preview) })
  session.terminal.tell(
    { ...route, removed: decision === 'go', preview },
    decision === 'go' ? `${nameOf(route)} is removed` : stays(id),
  )
  return decision === 'refused' ? 'unfinished' : 'done'
}
