import type { Command } from 'commander'
import type { ObjectExplained } from '../operate/index.ts'
import { destinationName, objectExplain, toExactJson } from '../operate/index.ts'
import type { ObjectPlace, ObjectStatus } from '../placements/index.ts'
import type { ProtectionView } from '../removal/index.ts'
import type { Explanation } from '../router/index.ts'
import type { TransferView } from '../transfer/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
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

async function explainCommand(session: Session, object: string): Promise<Ending> {
  const { terminal } = session
  const explained = await session.run(objectExplain, { object })
  const { state, routes, undecided, uncollected, places } = explained
  terminal.tell(
    explained,
    ...[
      `${oneLine(explained.object)}: ${describeState(state)}`,
      ...routeLines(routes),
      ...placeLines(explained, terminal),
    ],
  )
  const isOpen = undecided.length + uncollected > 0 || places.some(hasOpenWork)
  return isOpen || state.kind === 'invalid' || state.kind === 'failed' ? 'unfinished' : 'done'
}

function hasOpenWork({ placement, pending }: ObjectPlace): boolean {
  return pending.length > 0 || placement?.state === 'failed'
}

function describeState({ kind, reason }: ObjectExplained['state']): string {
  switch (kind) {
    case 'present':
      return 'its row is there and fits its schema'
    case 'gone':
      return 'there is no such row'
    default:
      return oneLine(reason ?? kind)
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
