import { z } from 'zod'
import { noteStep, objectsFailing, readIncident } from '../incidents/index.ts'
import { type BulkBegun, beginBulk, bulkShown, namedTargets } from './bulk-begin.ts'
import { flagField, idField } from './fields.ts'
import { writing } from './verb.ts'

export const incidentRetry = writing({
  name: 'incident.retry',
  about:
    'Has all objects that fail now for the cause of an incident tried again, each with an outcome of its own',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ incident: idField, dryRun: flagField }),
  audit: { action: 'incident.retry', target: ({ incident }) => `incident ${incident}` },
  run: async (context, { incident, dryRun }): Promise<BulkBegun> => {
    const { store, principal } = context
    await readIncident(store, incident)
    const targets = namedTargets(await objectsFailing(store, incident))
    if (dryRun) return { bulk: null, ...bulkShown('retry', targets) }
    return beginBulk(
      context,
      {
        name: 'retry',
        reason: null,
        targets,
        also: (tx) => noteStep(tx, incident, 'retried', new Date(), principal.name),
      },
      { action: 'incident.retry', target: `incident ${incident}` },
    )
  },
})
