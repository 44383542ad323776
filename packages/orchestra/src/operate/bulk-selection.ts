import { z } from 'zod'
import { allows, type Permission } from '../access/index.ts'
import { OrchestraError } from '../errors.ts'
import { cursorOf, listPlacements, placementStates } from '../placements/index.ts'
import { listServers } from '../server/index.ts'
import { type BulkActionName, bulkActions } from './bulk-actions.ts'
import type { Context } from './context.ts'
import { defined, nameField, objectField } from './fields.ts'
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

export type BulkWhere = z.output<typeof bulkWhere>

/**
 * What fits, of what whoever asks may see and do it to, each once.
 * @throws OrchestraError ORC_USAGE
 */
export function itemsThatFit(
  context: Context<never>,
  name: BulkActionName,
  where: BulkWhere,
): Promise<string[]> {
  const permission = bulkNeeds[name]
  return bulkActions[name].of === 'object'
    ? objectsThatFit(context, permission, where)
    : serversThatFit(context, permission, where)
}

async function objectsThatFit(
  context: Context<never>,
  permission: Permission,
  { tag, ...where }: BulkWhere,
): Promise<string[]> {
  if (tag !== undefined) throw misses('tag', 'objects')
  const visible = visibleRows(context, 'status.read', permission)
  const names = new Set<string>()
  let after: string | undefined
  for (;;) {
    const page = await listPlacements(context.store, { ...where, visible, limit: PAGE, after })
    for (const { object } of page) names.add(object)
    if (names.size > MOST_SELECTED) throw tooMany()
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return [...names]
    after = cursorOf(last)
  }
}

async function serversThatFit(
  context: Context<never>,
  permission: Permission,
  { server, tag, ...others }: BulkWhere,
): Promise<string[]> {
  const [other] = Object.keys(defined(others))
  if (other !== undefined) throw misses(other, 'servers')
  const scopes = scopesWith(context, permission)
  const servers = await listServers(context.store)
  const fitting = servers
    .filter(({ name, tags }) => (server ?? name) === name && (tag === undefined || tags.includes(tag)))
    .map(({ name }) => name)
    .filter(
      (name) =>
        scopes === undefined || allows(scopes, { server: name, backend: null, model: null, action: null }),
    )
  if (fitting.length > MOST_SELECTED) throw tooMany()
  return fitting
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
    {
      hint: 'Narrow it down: by server, backend, model, identity or state',
    },
  )
}
