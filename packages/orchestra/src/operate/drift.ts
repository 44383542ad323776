import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { countFindings, type Finding, listFindings, MOST_LISTED, pageOfFindings } from '../inspect/index.ts'
import { getServer } from '../server/index.ts'
import { sourceOf } from '../source/index.ts'
import type { Store } from '../store/index.ts'
import { checkSelector, leftOutText, selectionOf, withoutUnreadable } from '../sync/index.ts'
import { idField, limitField, nameField, objectField, queryField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { checkNames } from './known.ts'
import { reading } from './verb.ts'

export const driftList = reading({
  name: 'drift.list',
  about: 'What the last looks at servers found otherwise than it should be',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    server: nameField.optional(),
    backend: nameField.optional(),
    object: objectField.optional(),
    /** A page, in the order in which they were found; without it all, by server and backend. */
    limit: limitField.optional(),
    /** Behind this one. */
    after: idField.optional(),
    q: queryField.optional(),
  }),
  count: (context, { server, backend, object, q }) =>
    countFindings(context.store, { server, backend, object, ...narrowedBy(context, 'drift.list', { q }) }),
  run: async (context, { limit, after, object, q, ...selected }): Promise<Finding[]> => {
    const { store, config, tell } = context
    checkSelector(config, selected)
    const fitting = { ...selected, object, after, ...narrowedBy(context, 'drift.list', { q }) }
    const findings =
      limit === undefined
        ? await listFindings(store, { ...fitting, limit: MOST_LISTED })
        : (await pageOfFindings(store, { ...fitting, limit })).findings
    if (findings.length === 0) await checkNames(context, { object })
    // Whoever may not see all is not told which servers there are.
    if (findings.length === 0 && fitting.visible !== undefined) return findings
    for (const text of await uncomparedTexts(store, config, selected)) tell({ kind: 'left-out', text })
    return findings
  },
})

/** Models of which nobody can tell what should be there. */
async function uncomparedTexts(
  store: Store,
  config: Config,
  { server, backend }: { server?: string | undefined; backend?: string | undefined },
): Promise<string[]> {
  const serverId = server === undefined ? null : (await getServer(store, server)).id
  const asked = selectionOf(config, { serverId, backend: backend ?? null, model: null, objectKey: null })
  const { leftOut } = await withoutUnreadable(asked, { source: sourceOf(store), db: store })
  return leftOut.map(leftOutText)
}
