import { z } from 'zod'
import { allows, type Permission } from '../access/index.ts'
import { suggestion } from '../config/similar.ts'
import { OrchestraError } from '../errors.ts'
import { cursorOf, listPlacements, type PlacementFilter, placementStates } from '../placements/index.ts'
import type { Condition } from '../query/index.ts'
import type { BulkTarget } from '../requests/index.ts'
import { findServers, listServers, type ServerRow } from '../server/index.ts'
import { type BulkActionName, bulkActions } from './bulk-actions.ts'
import type { Context } from './context.ts'
import { defined, nameField, objectField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { checkNames } from './known.ts'
import { bulkNeeds } from './permissions.ts'
import { scopesWith, visibleRows } from './visible.ts'

/** Of one selection. */
export const MOST_SELECTED = 10_000
/** Placements that are read at once. */
const PAGE = 2_000

/** What an action on objects takes of what was placed, or an action on servers of these. */
export const bulkWhere = z
  .strictObject({
    server: nameField.optional(),
    backend: nameField.optional(),
    model: nameField.optional(),
    /** What it is called on the server; `*` stands for anything. */
    identity: objectField.optional(),
    state: z.enum(placementStates).optional(),
    tag: nameField.optional(),
  })
  .refine((where) => Object.keys(defined(where)).length > 0, { error: 'says not which' })

/** What fits: by names, by a query of the list of placements or of servers, or by both together. */
export interface BulkFitting {
  where?: z.output<typeof bulkWhere> | undefined
  q?: string | undefined
}

/**
 * What fits, of what whoever asks may see and do it to, each once.
 * @throws OrchestraError ORC_USAGE, ORC_QUERY_INVALID, and those of names that are nowhere
 */
export async function targetsThatFit(
  context: Context<never>,
  name: BulkActionName,
  selection: BulkFitting,
): Promise<BulkTarget[]> {
  const permission = bulkNeeds[name]
  const { of } = bulkActions[name]
  const found =
    of === 'server'
      ? await serversThatFit(context, permission, selection)
      : await placesThatFit(context, permission, selection, of)
  // What fits may be of a name that is gone: only where nothing does, the name is wrong.
  if (found.length === 0) await checkNames(context, selection.where ?? {})
  return found
}

/**
 * What was selected is looked at again when its turn comes: much can happen until then, and what is otherwise by now is not what was meant.
 * @throws OrchestraError ORC_BULK_CHANGED
 */
export async function assertFits(
  context: Context<never>,
  name: BulkActionName,
  selection: BulkFitting,
  target: BulkTarget,
): Promise<void> {
  const permission = bulkNeeds[name]
  const found =
    bulkActions[name].of === 'server'
      ? await serversThatFit(context, permission, selection, target.item)
      : await listPlacements(context.store, {
          ...placesOf(context, permission, selection),
          object: target.item,
          limit: 1,
          ...defined({ server: target.server ?? undefined, backend: target.backend ?? undefined }),
        })
  if (found.length > 0) return
  throw new OrchestraError('ORC_BULK_CHANGED', `${target.item} does not fit any more what was selected`, {
    hint: 'It was left as it is. Select anew, or name it',
  })
}

/** Placements that whoever asks sees, and may do it to. */
function placesOf(
  context: Context<never>,
  permission: Permission,
  { where: { tag, ...where } = {}, q }: BulkFitting,
): PlacementFilter {
  if (tag !== undefined) throw misses('tag', 'Objects')
  return {
    ...where,
    ...narrowedBy(context, 'place.list', { q }),
    visible: visibleRows(context, 'status.read', permission),
  }
}

async function placesThatFit(
  context: Context<never>,
  permission: Permission,
  selection: BulkFitting,
  of: 'object' | 'place',
): Promise<BulkTarget[]> {
  const filter = placesOf(context, permission, selection)
  const found = new Map<string, BulkTarget>()
  let after: string | undefined
  for (;;) {
    const page = await listPlacements(context.store, { ...filter, limit: PAGE, after })
    for (const { object: item, server, backend } of page) {
      const place = of === 'place' ? { server, backend } : { server: null, backend: null }
      found.set(JSON.stringify([item, place]), { item, ...place })
    }
    if (found.size > MOST_SELECTED) throw tooMany()
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return [...found.values()]
    after = cursorOf(last)
  }
}

/** @param only the one that is asked about; default all */
async function serversThatFit(
  context: Context<never>,
  permission: Permission,
  { where: { server, tag, ...others } = {}, q }: BulkFitting,
  only?: string,
): Promise<BulkTarget[]> {
  const [other] = Object.keys(defined(others))
  if (other !== undefined) throw misses(other, 'Servers')
  const scopes = scopesWith(context, permission)
  const { where = [], ...narrowed } = narrowedBy(context, 'server.list', { q })
  const isIt: Condition[] = only === undefined ? [] : [(parameter) => `server.name = ${parameter(only)}`]
  const servers = await findServers(context.store, { ...narrowed, where: [...where, ...isIt] })
  const fitting = servers
    .filter(({ name, tags }) => (server ?? name) === name && (tag === undefined || tags.includes(tag)))
    .map(({ name }) => name)
    .filter(
      (name) =>
        scopes === undefined || allows(scopes, { server: name, backend: null, model: null, action: null }),
    )
  if (fitting.length > MOST_SELECTED) throw tooMany()
  if (fitting.length === 0 && tag !== undefined && scopes === undefined && only === undefined)
    checkTag(tag, await listServers(context.store))
  return fitting.map((item) => ({ item, server: null, backend: null }))
}

/** A tag that no server has is a typo: nothing would ever be done by it. */
function checkTag(tag: string, servers: readonly ServerRow[]): void {
  const tags = new Set(servers.flatMap((server) => server.tags))
  if (tags.has(tag)) return
  throw new OrchestraError('ORC_SERVER_INVALID', `No server has the tag ${JSON.stringify(tag)}`, {
    hint: suggestion(tag, tags, 'See `orchestra server list`'),
  })
}

function misses(name: string, what: string): OrchestraError {
  return new OrchestraError('ORC_USAGE', `${what} are not selected by \`${name}\``, {
    hint: 'Objects: server, backend, model, identity, state. Servers: server, tag',
  })
}

function tooMany(): OrchestraError {
  return new OrchestraError(
    'ORC_USAGE',
    `More than ${MOST_SELECTED} fit, and one bulk is about so many at most`,
    { hint: 'Narrow it down: by server, backend, model, identity, state or a query' },
  )
}
