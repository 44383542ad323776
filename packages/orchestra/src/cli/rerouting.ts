import type { Config } from '../config/config.ts'
import { routeObjects } from '../manager/index.ts'
import {
  deletesToAllow,
  type Effect,
  type EffectKind,
  needsConsent,
  previewRerouting,
  type Rerouting,
} from '../plan/index.ts'
import { createRouter, listRoutes, type Route, type RoutedServer, routedServers } from '../router/index.ts'
import { askConsent } from './consent.ts'
import type { Session } from './session.ts'
import { oneLine } from './text-width.ts'
import { Progress } from './work-progress.ts'

/** All that decides where objects go. */
export interface RoutingTable {
  routes: readonly Route[]
  servers: readonly RoutedServer[]
}

/** What a change of routes would do; `change` gets the present table and answers the one after it. */
export async function previewRoutes(
  session: Session,
  backends: readonly string[],
  change: (table: RoutingTable) => RoutingTable,
): Promise<Rerouting> {
  const { config } = await session.config()
  const store = await session.store()
  const table: RoutingTable = { routes: await listRoutes(store), servers: await routedServers(store) }
  const progress = new Progress(session.terminal)
  try {
    return await previewRerouting(
      { store, config },
      {
        before: routeBy(config, table),
        after: routeBy(config, change(table)),
        backends: backends.filter((name) => config.backends.has(name)),
        onProgress: (objects) => progress.show(`trying it on every object: ${objects}`),
      },
    )
  } finally {
    progress.close()
  }
}

function routeBy({ backends }: Config, { routes, servers }: RoutingTable) {
  return routeObjects(createRouter(backends.values(), routes, servers))
}

/** What becomes of a change that was previewed. */
export type Decision = 'go' | 'dry-run' | 'refused'

/** Shows a preview, and asks where something goes, stays behind or fails. */
export async function decideOn(
  session: Session,
  preview: Rerouting,
  { yes = false, dryRun = false }: { yes?: boolean; dryRun?: boolean },
): Promise<Decision> {
  const { terminal } = session
  if (!terminal.json) for (const line of previewLines(preview)) terminal.line(line)
  if (dryRun) return 'dry-run'
  if (!needsConsent(preview.effects) && preview.unknown.length === 0) return 'go'
  return (await askConsent(session, 'Go on?', yes)) === 'given' ? 'go' : 'refused'
}

/** Options of the change itself: what was agreed to must not be stopped by the bound for removals. */
export function allowedBy({ effects }: Rerouting): { allowDeletes?: number } {
  const allowDeletes = deletesToAllow(effects)
  return allowDeletes === undefined ? {} : { allowDeletes }
}

function previewLines({ objects, effects, unknown }: Rerouting): string[] {
  if (objects + unknown.length === 0) return []
  return [
    effects.length === 0
      ? `none of ${objects} objects goes elsewhere`
      : `what becomes of ${objects} objects:`,
    ...effects.flatMap(effectLines),
    ...unknown.map((text) => `  cannot tell: ${oneLine(text)}`),
  ]
}

const verbs: Readonly<Record<EffectKind, (place: string) => string>> = {
  placed: (place) => `placed by ${place}`,
  removed: (place) => `removed by ${place}`,
  moved: (place) => `moved away, with their data, by ${place}`,
  kept: (place) => `belong elsewhere, and their copy stays: ${place}`,
  held: (place) => `wait for a disabled route: ${place}`,
  undecided: (place) => `cannot be told where they belong: ${place}`,
  decided: (place) => `can be told where they belong again: ${place}`,
}

function effectLines({ kind, backend, server, count, nowhere, objects }: Effect): string[] {
  const place = server === null ? backend : `${backend} on ${server}`
  const more = count > objects.length ? ` and ${count - objects.length} more` : ''
  const names = objects.map(({ object }) => oneLine(object)).join(', ')
  const leaves = kind === 'removed' || kind === 'kept'
  const homeless = leaves && nowhere > 0 ? `; ${nowhere} of them belong on no server then` : ''
  const reasons = kind === 'undecided' || kind === 'kept' ? objects.slice(0, 1) : []
  return [
    `  ${count} ${verbs[kind](place)}: ${names}${more}${homeless}`,
    ...reasons.flatMap(({ reason }) => (reason === null ? [] : [`      ${oneLine(reason)}`])),
  ]
}
