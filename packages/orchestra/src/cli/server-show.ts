import type { Command } from 'commander'
import type { ServerUse } from '../fleet/index.ts'
import type { ServerDetails, ServerView } from '../operate/index.ts'
import { addressOf, destinationName, serverShow } from '../operate/index.ts'
import type { ServerStatus } from '../placements/index.ts'
import type { Route } from '../router/index.ts'
import { age, endText, until } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { stateOf } from './status.ts'
import { oneLine } from './text-width.ts'

export function addShowServerCommand(server: Command, act: Act): void {
  const show = server
    .command('show <server>')
    .description('One server: how it is reached, its key and tags, its routes, work and objects')
    .action(act(showCommand))
  withExamples(show, 'server show web1', 'server show web1 --json')
}

async function showCommand(session: Session, server: string): Promise<Ending> {
  const details = await session.run(serverShow, { server })
  const { status, routes, use } = details
  session.terminal.tell(
    details,
    ...headLines(details),
    ...(status === null ? [] : statusLines(status)),
    ...routes.map(routeLine),
    placedLine(details, use),
  )
  return 'done'
}

function headLines(view: ServerDetails): string[] {
  const { name, method, sudo, identityFile, directory, tags, key, fingerprint, held, createdAt } = view
  return [
    `${name}: ${addressOf(view)} by ${method}${sudo ? ', with sudo' : ''}, registered ${age(createdAt)} ago`,
    `host key: ${key}${fingerprint === null ? '' : ` ${fingerprint}`}`,
    `tags: ${tags.join(', ') || 'none'}`,
    ...(identityFile === null ? [] : [`logs in with ${oneLine(identityFile)}`]),
    ...(directory === null ? [] : [`works in ${oneLine(directory)}`]),
    ...(held === null
      ? []
      : [
          `held by ${oneLine(held.by ?? '?')}${endText(held)}${held.reason ? `: ${oneLine(held.reason)}` : ''}`,
        ]),
  ]
}

function statusLines(status: ServerStatus): string[] {
  const { running, waiting, failing, stale, kept, drifted, blocked } = status
  const counts = { running, waiting, failing, stale, kept, drifted }
  const shown = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []))
  const next = blocked?.nextTry == null ? '' : `; next try ${until(blocked.nextTry)}`
  return [
    `state: ${[stateOf(status), ...shown].join(', ')}`,
    ...(blocked === null ? [] : [`blocked for ${age(blocked.since)}: ${oneLine(blocked.reason)}${next}`]),
  ]
}

function routeLine(route: Route): string {
  const by = route.server === null ? ` by ${destinationName(route)}` : ''
  return `route ${route.id}${by}: ${route.backend} where ${oneLine(route.match)}${route.enabled ? '' : ' (disabled)'}`
}

function placedLine({ name }: ServerView, { placements }: ServerUse): string {
  if (placements === 0) return 'nothing was placed there'
  return `${placements} objects were placed there: orchestra place list --server ${name}`
}
