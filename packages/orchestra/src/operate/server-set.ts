import { z } from 'zod'
import { suggestion } from '../config/similar.ts'
import { OrchestraError } from '../errors.ts'
import { backendsByTag, changedServer, type ServerChange, setServer } from '../fleet/index.ts'
import { fetchHostKey } from '../methods/index.ts'
import type { Rerouting } from '../plan/index.ts'
import { getServer, recordPresentedKey, type ServerRow, toTarget } from '../server/index.ts'
import type { Context } from './context.ts'
import {
  defined,
  flagField,
  methodField,
  nameField,
  nameList,
  pathField,
  portField,
  textField,
} from './fields.ts'
import { agreedTo, allowedBy, previewRoutes, type ReroutingQuestion } from './rerouting.ts'
import { hasHostKey, patience } from './server-facts.ts'
import { type ServerView, toView } from './server-view.ts'
import { writing } from './verb.ts'

/** A server as it is now. */
export interface ServerSet {
  server: ServerView
  changed: boolean
  /** What other tags do; null where they stay as they are. */
  preview: Rerouting | null
  /** It is reached elsewhere now. */
  moved: boolean
  /** It was asked for its host key there. */
  asked: boolean
}

export const serverSet = writing({
  name: 'server.set',
  about:
    'Changes how a server is reached, or its tags; its approved host key stays the only one that is accepted',
  needs: 'servers',
  answers: 'late',
  input: z.strictObject({
    server: nameField,
    host: textField.optional(),
    port: portField.optional(),
    user: nameField.optional(),
    method: methodField.optional(),
    identityFile: pathField.nullable().optional(),
    sudo: z.boolean().optional(),
    directory: pathField.nullable().optional(),
    tag: nameList.optional(),
    untag: nameList.optional(),
    offline: flagField,
    dryRun: flagField,
  }),
  audit: { action: 'server.set', target: ({ server }) => server },
  run: async (
    context: Context<ReroutingQuestion>,
    { server: name, offline, dryRun, ...given },
  ): Promise<ServerSet> => {
    const { store, principal } = context
    const change: ServerChange = defined(given)
    if (Object.keys(change).length === 0) throw nothingGiven()
    const before = await getServer(store, name)
    checkUntagged(before, change)
    const wanted = { ...before, ...toRow(changedServer(before, change)) }
    const preview = await previewTags(context, before, wanted)
    const agreement = dryRun || preview === null ? 'given' : await agreedTo(context, { preview, trial: null })
    const stays = { server: toView(before), changed: false, preview, moved: false, asked: false }
    if (dryRun || agreement === 'refused') return stays
    const moved = isMoved(before, wanted)
    const asks = moved && hasHostKey(wanted.method) && !offline
    const key = asks
      ? await fetchHostKey({ ...toTarget(wanted), hostKey: null }, patience.connect)
      : undefined
    const allowed = preview === null ? {} : allowedBy(preview)
    await setServer(store, name, { ...change, by: principal.name, ...allowed })
    if (key !== undefined) await recordPresentedKey(store, before.id, key.key)
    const server = toView(await getServer(store, name))
    return { server, changed: true, preview, moved, asked: key !== undefined }
  },
})

function nothingGiven(): OrchestraError {
  return new OrchestraError('ORC_USAGE', 'Nothing says what is to be changed', {
    hint: 'For example: orchestra server set web1 --host 203.0.113.9',
  })
}

/** A tag to be taken away that is not there is a typo. One that is given and taken at once has been thought of. */
function checkUntagged({ name, tags }: ServerRow, { tag = [], untag = [] }: ServerChange): void {
  const missing = untag.find((one) => ![...tags, ...tag].includes(one))
  if (missing === undefined) return
  const has = tags.length === 0 ? 'It has no tags' : `It has ${tags.join(', ')}`
  throw new OrchestraError('ORC_SERVER_INVALID', `Server ${name} has no tag ${JSON.stringify(missing)}`, {
    hint: suggestion(missing, tags, has),
  })
}

/** A server that was only checked, as a row has it. */
function toRow({ user, identityFile, tags, ...same }: ReturnType<typeof changedServer>): Partial<ServerRow> {
  return { ...same, login: user, identity_file: identityFile, tags: [...tags] }
}

function isMoved(before: ServerRow, after: ServerRow): boolean {
  return before.method !== after.method || before.host !== after.host || before.port !== after.port
}

/** What other tags would do; null where they stay as they are. */
async function previewTags(
  context: Context<ReroutingQuestion>,
  before: ServerRow,
  after: ServerRow,
): Promise<Rerouting | null> {
  if (before.tags.join(' ') === after.tags.join(' ')) return null
  const backends = await backendsByTag(context.store)
  return previewRoutes(context, backends, ({ routes, servers }) => ({
    routes,
    servers: servers.map((one) => (one.id === before.id ? { ...one, tags: after.tags } : one)),
  }))
}
