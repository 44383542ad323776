import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { type Finding, listFindings, MOST_LISTED } from '../inspect/index.ts'
import { getServer } from '../server/index.ts'
import { sourceOf } from '../source/index.ts'
import type { Store } from '../store/index.ts'
import { checkSelector, leftOutText, selectionOf, withoutUnreadable } from '../sync/index.ts'
import { nameField } from './fields.ts'
import { reading } from './verb.ts'
import { visibleRows } from './visible.ts'

export const driftList = reading({
  name: 'drift.list',
  about: 'What the last looks at servers found otherwise than it should be',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ server: nameField.optional(), backend: nameField.optional() }),
  run: async (context, selected): Promise<Finding[]> => {
    const { store, config, tell } = context
    const visible = visibleRows(context, 'diff.read')
    checkSelector(config, selected)
    const findings = await listFindings(store, { ...selected, limit: MOST_LISTED, visible })
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
