import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { OrchestraError } from '../errors.ts'
import {
  addRoute,
  createRouter,
  disableRoute,
  enableRoute,
  listRoutes,
  type Route,
  removeRoute,
  type Trial,
  tryRoute,
} from '../router/index.ts'
import { getServer } from '../server/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { someObjects } from './objects.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { manyLines, oneLine } from './text-width.ts'

export function addRouteCommands(program: Command, act: Act): void {
  const route = withExamples(
    program
      .command('route')
      .description('Routes say which objects go to which servers: add, list, enable, disable, remove'),
    'route list',
  )
  addAdding(route, act)
  const list = route.command('list').description('All routes').action(act(listCommand))
  withExamples(list, 'route list', 'route list --json')
  addChanging(route, act, 'enable', 'Let the work of a route run again', enableRoute)
  addChanging(route, act, 'disable', 'Let the work of a route wait; nothing is lost', disableRoute)
  addChanging(route, act, 'remove', 'Remove a route; what it placed stays where it is', removeRoute)
}

function addAdding(route: Command, act: Act): void {
  const add = route
    .command('add <backend> <server> [match]')
    .description(
      'Send the objects of a backend that match to a server; tried on up to 100 real objects first',
    )
    .option('--dry-run', 'Check and try it only')
    .action(act(addCommand))
  withExamples(
    add,
    'route add nginx web1',
    'route add nginx web2 \'site.plan == "pro"\'',
    "route add nginx web2 'site.id % 2 == 0' --dry-run",
  )
}

type Change = typeof enableRoute

function addChanging(route: Command, act: Act, name: string, description: string, change: Change): void {
  const command = route
    .command(name)
    .argument('<route>', 'Its number', wholeNumber(1))
    .description(description)
    .action(act((session, id: number) => changeCommand(session, id, name, change)))
  withExamples(command, `route ${name} 3`)
}

async function addCommand(
  session: Session,
  backend: string,
  server: string,
  match: string | undefined,
  options: { dryRun?: boolean },
): Promise<Ending> {
  const { config } = await session.config()
  const store = await session.store()
  await getServer(store, server)
  const trial = await tryOut(session, config, backend, match ?? 'true')
  const wanted = { backend, server, ...(match === undefined ? {} : { match }), by: session.by }
  const route = options.dryRun === true ? null : await addRoute(store, config, wanted)
  session.terminal.tell({ route, trial }, ...describeTrial(trial), ...describeAdded(route))
  return 'done'
}

async function tryOut(session: Session, config: Config, name: string, match: string): Promise<Trial> {
  const store = await session.store()
  const backend = config.backends.get(name)
  if (backend !== undefined)
    return tryRoute(backend.model, match, (limit) => someObjects(store, backend.model, limit))
  throw new OrchestraError('ORC_BACKEND_UNKNOWN', `No backend ${JSON.stringify(name)} is defined`, {
    hint: `The configuration has ${[...config.backends.keys()].join(', ') || 'none'}`,
  })
}

function describeTrial({ tried, matched, matching, others, errors }: Trial): string[] {
  if (tried === 0) return ['there are no objects yet to try it on']
  return [
    `tried on ${tried} objects: ${matched} match`,
    ...(matching.length === 0 ? [] : [`  match: ${matching.map(oneLine).join(', ')}`]),
    ...(others.length === 0 ? [] : [`  do not: ${others.map(oneLine).join(', ')}`]),
    ...errors
      .slice(0, 5)
      .map(({ name, reason }) => `  cannot tell for ${oneLine(name)}: ${manyLines(reason)}`),
  ]
}

function describeAdded(route: Route | null): string[] {
  if (route === null) return ['nothing was added']
  return [
    `route ${route.id} is added: ${route.backend} to ${route.server} where ${oneLine(route.match)}`,
    'rows that match are placed now: orchestra status',
  ]
}

interface RouteView extends Route {
  /** Why it leads nowhere. */
  problem: string | null
}

async function listCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const { config } = await session.config()
  const routes = await listRoutes(await session.store())
  const { problems } = createRouter(config.backends.values(), routes)
  const views: RouteView[] = routes.map((route) => ({
    ...route,
    problem: problems.find((problem) => problem.route.id === route.id)?.reason ?? null,
  }))
  terminal.tell(views, ...table(columns, views, terminal.width))
  if (routes.length === 0) terminal.note('no routes: add one with `orchestra route add BACKEND SERVER`')
  return 'done'
}

const columns: Column<RouteView>[] = [
  { title: 'ROUTE', value: (route) => route.id, align: 'right' },
  { title: 'BACKEND', value: (route) => route.backend },
  { title: 'SERVER', value: (route) => route.server },
  { title: 'STATE', value: (route) => (route.enabled ? 'enabled' : 'disabled') },
  { title: 'MATCH', value: (route) => route.match },
  { title: 'PROBLEM', value: (route) => route.problem },
]

async function changeCommand(session: Session, id: number, name: string, change: Change): Promise<Ending> {
  const route = await change(await session.store(), id, { by: session.by })
  session.terminal.tell(route, `route ${id} (${route.backend} to ${route.server}) is ${name}d`)
  return 'done'
}
