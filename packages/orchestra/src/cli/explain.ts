import type { Command } from 'commander'
import type { Loaded } from '../collector/index.ts'
import { type ObjectPlace, type ObjectStatus, objectStatus } from '../placements/index.ts'
import type { ProtectionView } from '../removal/index.ts'
import {
  createRouter,
  destinationName,
  type Explanation,
  listRoutes,
  routedServers,
} from '../router/index.ts'
import { toExactJson } from '../source/index.ts'
import type { TransferView } from '../transfer/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import { knownObject } from './known.ts'
import { loadObject } from './objects.ts'
import { operationLines } from './operation-lines.ts'
import type { Ending, Session } from './session.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

export function addExplainCommand(program: Command, act: Act): void {
  const explain = program
    .command('explain <object>')
    .description('Why an object is where it is: its routes, what stands where, what waits for what')
    .action(act(explainCommand))
  withExamples(explain, 'explain site:12', 'explain member:3,7 --json')
}

async function explainCommand(session: Session, text: string): Promise<Ending> {
  const { config } = await session.config()
  const store = await session.store()
  const { model, key } = await knownObject(session, text)
  const loaded = await loadObject(store, model, key)
  const status = await objectStatus(store, model.name, key)
  const router = createRouter(config.backends.values(), await listRoutes(store), await routedServers(store))
  const routes = loaded.kind === 'present' ? router.explain(model.name, loaded.object) : []
  const { terminal } = session
  terminal.tell(
    { ...status, state: stateOf(loaded), routes },
    ...[
      `${oneLine(status.object)}: ${describeState(loaded)}`,
      ...routeLines(routes),
      ...placeLines(status, terminal),
    ],
  )
  const isOpen = status.undecided.length + status.uncollected > 0 || status.places.some(hasOpenWork)
  return isOpen || loaded.kind === 'invalid' || loaded.kind === 'failed' ? 'unfinished' : 'done'
}

function hasOpenWork({ placement, pending }: ObjectPlace): boolean {
  return pending.length > 0 || placement?.state === 'failed'
}

function stateOf(loaded: Loaded): { kind: Loaded['kind']; reason: string | null } {
  return { kind: loaded.kind, reason: 'reason' in loaded ? loaded.reason : null }
}

function describeState(loaded: Loaded): string {
  switch (loaded.kind) {
    case 'present':
      return 'its row is there and fits its schema'
    case 'gone':
      return 'there is no such row'
    default:
      return oneLine(loaded.reason)
  }
}

function routeLines(routes: readonly Explanation[]): string[] {
  return [...Map.groupBy(routes, (route) => route.backend)].flatMap(([backend, own]) => [
    `backend ${backend}`,
    ...own.flatMap((explanation) => [`  ${verdictText(explanation)}`, ...readLines(explanation)]),
  ])
}

function verdictText({ route, verdict, servers }: Explanation): string {
  const disabled = route.enabled ? '' : ' (disabled: work waits)'
  const said =
    typeof verdict === 'string' ? verdict.replace('-', ' ') : `cannot tell: ${oneLine(verdict.error)}`
  const where = route.server === null && servers.length > 0 ? ` on ${servers.join(', ')}` : ''
  return `route ${route.id} to ${destinationName(route)}${disabled}: ${said}${where}: ${oneLine(route.match)}`
}

function readLines({ reads }: Explanation): string[] {
  return reads.map(({ field, value }) => `      ${field} is ${shown(value)}`)
}

function shown(value: unknown): string {
  return oneLine(toExactJson(value) ?? 'not there')
}

function placeLines(status: ObjectStatus, terminal: Terminal): string[] {
  const { places, undecided, uncollected, protections, transfers } = status
  return [
    ...protections.map(protectionText),
    ...places.flatMap((place) => [
      `${place.backend} on ${place.server}: ${placementText(place)}`,
      ...place.remnants.map((name) => `  a copy was left there under its earlier name ${oneLine(name)}`),
      ...place.pending.flatMap((operation) => operationLines(operation, terminal)),
    ]),
    ...undecided.flatMap((operation) => operationLines(operation, terminal)),
    ...transfers.map(transferText),
    ...(uncollected === 0 ? [] : [`${uncollected} committed changes of it are not looked at yet`]),
    ...(places.length === 0 ? ['nothing of it stands on any server'] : []),
  ]
}

function placementText({ placement }: ObjectPlace): string {
  if (placement === null) return 'nothing was placed'
  const { state, identity, appliedAt, logId, stale, keptAt } = placement
  const when = appliedAt === null ? 'never applied' : `applied ${age(appliedAt)} ago by log ${logId}`
  const since = keptAt === null ? '' : `; it belongs elsewhere for ${age(keptAt)}, and this copy stays`
  const outdated = stale ? '; its backend would render it differently now' : ''
  return `${state} as ${oneLine(identity)}, ${when}${since}${outdated}`
}

function protectionText({ backend, by, reason }: ProtectionView): string {
  const what = backend === null ? 'its removal' : `its removal by backend ${backend}`
  return `${what} is refused: protected by ${by}${reason === null ? '' : `: ${oneLine(reason)}`}`
}

/** Data on its way, in one line. */
export function transferText(transfer: TransferView): string {
  const { object, backend, from, to, step, bytes, running, waitsFor, error } = transfer
  const why = running ? `${bytes} bytes so far` : (waitsFor ?? error ?? 'it is next')
  return `data of ${oneLine(object)} (${backend}) goes from ${from} to ${to}, step ${step}: ${oneLine(why)}`
}
