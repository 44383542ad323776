import { z } from 'zod'
import { messageOf } from '../errors.ts'
import { audit, getServer, listServers, type ServerRow } from '../server/index.ts'
import { checkSelector } from '../sync/index.ts'
import { emptyTrash, listTrash, restoreTrash, type TrashContext, type TrashEntry } from '../trash/index.ts'
import { NotAgreed } from './agreement.ts'
import { type Context, withMethods } from './context.ts'
import { countField, nameField, textField } from './fields.ts'
import { reading, writing } from './verb.ts'

/** What was removed from a server and is kept there for a while. */
export interface TrashView extends Omit<TrashEntry, 'time'> {
  server: string
  /** ISO 8601. */
  since: string
}

export const trashList = reading({
  name: 'trash.list',
  about: 'What the trash of servers holds, oldest first',
  needs: 'servers',
  answers: 'late',
  input: z.strictObject({ server: nameField.optional(), backend: nameField.optional() }),
  run: async (context, selected): Promise<TrashView[]> => {
    const answers = await askServers(context, selected.server, listTrash)
    const entries = answers
      .flatMap(({ server, value }) => value.map((entry) => toView(server, entry)))
      .filter(({ backend }) => selected.backend === undefined || backend === selected.backend)
    // A backend that the configuration has no more may still have something in the trash.
    if (entries.length === 0) checkSelector(context.config, selected)
    return entries
  },
})

export const trashRestore = writing({
  name: 'trash.restore',
  about: 'Puts something back where it was',
  needs: 'servers',
  answers: 'late',
  input: z.strictObject({ server: nameField, id: textField }),
  audit: { action: 'trash.restore', target: ({ server }) => server },
  run: async (context, { server: name, id }): Promise<TrashView> => {
    const { store, config, principal } = context
    const server = await getServer(store, name)
    const entry = await withMethods(context, (methods) => restoreTrash({ config, methods }, server, id))
    const detail = { id, path: entry.path }
    await audit(store, { by: principal.name, action: 'trash.restore', target: name, detail })
    return toView(server, entry)
  },
})

/** What was removed for good from one server. */
export interface TrashEmptied {
  server: string
  /** Ids of its entries. */
  removed: string[]
}

/** Whether what has been in the trash for so many seconds is to be lost. */
export interface TrashQuestion {
  /** Null for all servers. */
  server: string | null
  olderThan: number
}

export const trashEmpty = writing({
  name: 'trash.empty',
  about: 'Removes for good what is in the trash',
  needs: 'servers',
  answers: 'late',
  input: z.strictObject({
    server: nameField.optional(),
    /** Seconds. */
    olderThan: countField.default(0),
  }),
  audit: { action: 'trash.empty', target: ({ server }) => server ?? 'all servers' },
  run: async (context: Context<TrashQuestion>, { server, olderThan }): Promise<TrashEmptied[]> => {
    const { store, principal } = context
    if (server !== undefined) await getServer(store, server)
    if ((await context.agree({ server: server ?? null, olderThan })) !== 'given') throw notAgreed()
    const answers = await askServers(context, server, (trash, row) => emptyTrash(trash, row, olderThan))
    const emptied = answers.map(({ server: row, value }) => ({ server: row.name, removed: value }))
    for (const { server: target, removed } of emptied.filter((one) => one.removed.length > 0)) {
      const detail = { count: removed.length, ids: removed.slice(0, MOST_NAMED) }
      await audit(store, { by: principal.name, action: 'trash.empty', target, detail })
    }
    return emptied
  },
})

/** Ids that one entry of the audit names. */
const MOST_NAMED = 100

function notAgreed(): NotAgreed {
  return new NotAgreed('Nothing was removed from the trash', 'Give --yes when that is what you want')
}

function toView(server: ServerRow, { time, ...entry }: TrashEntry): TrashView {
  return { server: server.name, ...entry, since: new Date(time * 1_000).toISOString() }
}

/** Asks servers side by side. One that does not answer, even for one user alone, is told of and keeps the others from nothing. */
async function askServers<Value>(
  { store, config, methods: open, tell }: Pick<Context, 'store' | 'config' | 'methods' | 'tell'>,
  name: string | undefined,
  ask: (context: TrashContext, server: ServerRow) => Promise<Value[]>,
): Promise<{ server: ServerRow; value: Value[] }[]> {
  const all = name === undefined ? await listServers(store) : [await getServer(store, name)]
  const servers = all.filter((server) => server.method !== 'function')
  return withMethods({ methods: open }, (methods) =>
    Promise.all(
      servers.map(async (server) => {
        const onError = (error: unknown) =>
          tell({ kind: 'unanswered', server: server.name, reason: messageOf(error) })
        return { server, value: await ask({ config, methods, onError }, server) }
      }),
    ),
  )
}
