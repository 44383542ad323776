import type { Command } from 'commander'
import { OrchestraError } from '../errors.ts'
import type { RouteChanged, RouteView } from '../operate/index.ts'
import {
  destinationName,
  routeAdd,
  routeDisable,
  routeEnable,
  routeList,
  routeRemove,
  routeSet,
  routeShow,
} from '../operate/index.ts'
import type { Route } from '../router/index.ts'
import { type Act, severalTimes, wholeNumber, withExamples } from './command.ts'
import { askedBy, queryOption } from './query.ts'
import { ReroutingConsent } from './rerouting.ts'
import { addPreviewCommand } from './route-preview.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { oneLine } from './text-width.ts'

export function addRouteCommands(program: Command, act: Act): void {
  const route = withExamples(
    program
      .command('route')
      .description(
        'Routes say which objects go to which servers: add, list, show, set, enable, disable, remove',
      ),
    'route list',
  )
  addAdding(route, act)
  const list = route
    .command('list')
    .description('Routes, in the order they were added')
    .option(...queryOption)
    .action(act(listCommand))
  withExamples(list, 'route list', "route list --query 'backend:nginx-site is:disabled' --json")
  addPreviewCommand(route, act)
  const show = route
    .command('show')
    .argument('<route>', 'Its number', wholeNumber(1))
    .description('One route, and where it leads now')
    .action(act(showCommand))
  withExamples(show, 'route show 3')
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
  tags: string[] | undefined,
): { server?: string; tags?: string[]; match?: string } {
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
  { toTag, dryRun = false, yes = false }: Consenting & { toTag?: string[] },
): Promise<Ending> {
  const given = { backend, ...destinationAndMatch(first, second, toTag), dryRun }
  const consent = new ReroutingConsent(session, yes)
  const added = await session.run(routeAdd, given, consent)
  consent.show(added)
  session.terminal.tell(added, ...describeAdded(added.route))
  return dryRun || added.route !== null ? 'done' : 'unfinished'
}

function describeAdded(route: Route | null): string[] {
  if (route === null) return ['nothing was added']
  return [
    `route ${route.id} is added: ${route.backend} to ${destinationName(route)} where ${oneLine(route.match)}`,
    'rows that match are placed now: orchestra status',
  ]
}

async function showCommand(session: Session, id: number): Promise<Ending> {
  const { terminal } = session
  const route = await session.run(routeShow, { route: id })
  terminal.tell(route, ...table(columns, [route], terminal.width))
  return 'done'
}

async function listCommand(session: Session, options: { query?: string }): Promise<Ending> {
  const { terminal } = session
  const routes = await session.run(routeList, askedBy(options))
  terminal.tell(routes, ...table(columns, routes, terminal.width))
  if (routes.length === 0)
    terminal.note(
      options.query === undefined
        ? 'no routes: add one with `orchestra route add BACKEND SERVER`'
        : 'no routes fit',
    )
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
  route: number,
  { toTag: tags, yes = false, ...given }: Consenting & { toTag?: string[]; match?: string; server?: string },
): Promise<Ending> {
  const consent = new ReroutingConsent(session, yes)
  const set = await session.run(routeSet, { route, ...given, tags }, consent)
  const { backend, match } = set
  const text = `route ${route} sends ${backend} to ${destinationName(set)} where ${oneLine(match)}`
  return tellChanged(session, consent, set, text, given)
}

async function switchCommand(
  session: Session,
  route: number,
  turn: Turn,
  { yes = false, ...given }: Consenting,
): Promise<Ending> {
  const consent = new ReroutingConsent(session, yes)
  const verb = turn === 'enable' ? routeEnable : routeDisable
  const changed = await session.run(verb, { route, ...given }, consent)
  return tellChanged(session, consent, changed, `${nameOf(changed)} is ${turn}d`, given)
}

function tellChanged(
  { terminal }: Session,
  consent: ReroutingConsent,
  changed: RouteChanged,
  text: string,
  { dryRun = false }: Consenting,
): Ending {
  consent.show({ preview: changed.preview, trial: null })
  terminal.tell(changed, changed.changed ? text : stays(changed.id))
  return dryRun || changed.changed ? 'done' : 'unfinished'
}

function stays(id: number): string {
  return `route ${id} stays as it is`
}

function nameOf(route: Route): string {
  return `route ${route.id} (${route.backend} to ${destinationName(route)})`
}

async function removeCommand(
  session: Session,
  route: number,
  { yes = false, dryRun = false }: Consenting,
): Promise<Ending> {
  const consent = new ReroutingConsent(session, yes)
  const answer = await session.run(routeRemove, { route, dryRun }, consent)
  consent.show({ preview: answer.preview, trial: null })
  session.terminal.tell(answer, answer.removed ? `${nameOf(answer)} is removed` : stays(route))
  return dryRun || answer.removed ? 'done' : 'unfinished'
}
