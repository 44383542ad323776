import { placementsOf, type World } from '../collector/index.ts'
import { type DecideBy, observe } from '../collector/look.ts'
import type { Config } from '../config/config.ts'
import { type Change, sourceOf } from '../source/index.ts'
import { refreshStatistics, type Store } from '../store/index.ts'
import type { NamedKey } from '../sync/index.ts'
import {
  type Cursor,
  firstCursor,
  leftOutText,
  readPage,
  selectionOf,
  withoutUnreadable,
} from '../sync/index.ts'
import { type Effect, Effects } from './effects.ts'

/** What a change of routes would do to the objects that there are. */
export interface Rerouting {
  /** Objects that were looked at. */
  objects: number
  effects: Effect[]
  /** Models whose rows cannot be read, and why: nobody can tell about these. */
  unknown: string[]
}

/** Both ways of routing, and what they are about. */
export interface Reroute {
  before: World['route']
  after: World['route']
  /** Backends whose objects may go elsewhere. */
  backends: readonly string[]
  /** Told of how many objects have been looked at. */
  onProgress?: (objects: number) => void
}

/** Objects that are in memory together. */
const PORTION = 500

/**
 * Tries a change of routes on every object of some backends: reads rows and placements, contacts no server and writes nothing.
 * What is to be done anyhow is left out.
 */
export async function previewRerouting(
  { store, config }: { store: Store; config: Config },
  { before, after, backends, onProgress }: Reroute,
): Promise<Rerouting> {
  const source = sourceOf(store)
  await refreshStatistics(store)
  const asked = selectionOf(config, { serverId: null, backend: null, model: null, objectKey: null })
  const concerned = new Set(backends.map((name) => config.backends.get(name)?.model.name))
  const models = asked.models.filter(({ name }) => concerned.has(name))
  const { selection, leftOut } = await withoutUnreadable({ ...asked, models }, { source, db: store })
  const effects = new Effects(backends)
  const context = {
    config,
    keyring: store.keyring,
    source,
    placements: (objects: Parameters<typeof placementsOf>[1]) => placementsOf(store, objects),
  }
  let cursor: Cursor | null = models.length === 0 ? null : firstCursor(selection)
  let objects = 0
  while (cursor !== null && cursor.pass !== 'removals') {
    const page = await readPage(cursor, { db: store, source, selection })
    for (let at = 0; at < page.objects.length; at += PORTION) {
      const portion = page.objects.slice(at, at + PORTION)
      const decideBy: DecideBy = await observe(toChanges(portion), context)
      effects.take(decideBy(before), decideBy(after))
      objects += portion.length
      onProgress?.(objects)
    }
    cursor = page.next
  }
  return { objects, effects: await effects.named(store), unknown: leftOut.map(leftOutText) }
}

function toChanges(objects: readonly NamedKey[]): Change[] {
  return [...Map.groupBy(objects, ({ model }) => model)].map(([model, own]) => ({
    unitId: '00000000-0000-0000-0000-000000000000',
    model,
    action: 'save',
    keys: own.map(({ key }) => key),
    payload: null,
    scope: null,
  }))
}
