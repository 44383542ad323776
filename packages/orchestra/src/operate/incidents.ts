import { z } from 'zod'
import {
  acknowledgeIncident,
  countIncidents,
  type IncidentStep,
  type IncidentView,
  incidentStates,
  listIncidents,
  mergeIncident,
  muteIncident,
  readIncident,
  resolveIncident,
  splitIncident,
} from '../incidents/index.ts'
import { idField, limitField, momentField, nameField, queryField, reasonField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { checkNames } from './known.ts'
import { whatIsUnseen } from './unseen.ts'
import { reading, writing } from './verb.ts'

const one = { incident: idField }
const target = ({ incident }: { incident: number }) => `incident ${incident}`

export const incidentList = reading({
  name: 'incident.list',
  about: 'What went wrong, by its cause, the newest first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    state: z.enum(incidentStates).optional(),
    server: nameField.optional(),
    backend: nameField.optional(),
    /** Older than this one. */
    before: idField.optional(),
    limit: limitField.default(50),
    q: queryField.optional(),
  }),
  count: (context, { q, ...search }) =>
    countIncidents(context.store, { ...search, ...narrowedBy(context, 'incident.list', { q }) }),
  run: async (context, { q, ...search }): Promise<IncidentView[]> => {
    const narrowed = narrowedBy(context, 'incident.list', { q })
    const incidents = await listIncidents(context.store, { ...search, ...narrowed })
    // Incidents may be of what is gone: only where there are none, the name is wrong.
    if (incidents.length === 0) await checkNames(context, search)
    return incidents
  },
})

export const incidentShow = reading({
  name: 'incident.show',
  about: 'One incident, and what became of it step by step',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  run: ({ store }, { incident }): Promise<IncidentView & { steps: IncidentStep[] }> =>
    readIncident(store, incident),
})

const HOUR = 3_600_000

export const incidentMute = writing({
  name: 'incident.mute',
  about: 'Tells nobody of an incident for some time; what becomes of it is noted',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    ...one,
    /** Default in an hour; a time that is over ends it. */
    until: momentField.optional(),
    reason: reasonField.default(''),
  }),
  audit: { action: 'incident.mute', target },
  run: ({ store, principal }, { incident, until, reason }): Promise<IncidentView> =>
    muteIncident(store, incident, {
      by: principal.name,
      until: until ?? new Date(Date.now() + HOUR),
      reason,
    }),
})

export const incidentResolve = writing({
  name: 'incident.resolve',
  about: 'Ends an incident that somebody has dealt with, until it is there again',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  audit: { action: 'incident.resolve', target },
  run: ({ store, principal }, { incident }): Promise<IncidentView> =>
    resolveIncident(store, incident, principal.name),
})

export const incidentAcknowledge = writing({
  name: 'incident.acknowledge',
  about: 'Says that somebody deals with an incident, until it is over',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ ...one, note: reasonField.default('') }),
  audit: { action: 'incident.acknowledge', target },
  run: ({ store, principal }, { incident, note }): Promise<IncidentView> =>
    acknowledgeIncident(store, incident, { by: principal.name, note }),
})

export const incidentMerge = writing({
  name: 'incident.merge',
  about:
    'Makes an incident a part of another one of its server and backend, with all that fails for its cause later',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ ...one, into: idField }),
  audit: { action: 'incident.merge', target },
  run: async (context, { incident, into }): Promise<IncidentView> => {
    const unseen = await whatIsUnseen(context, { incident: into })
    if (unseen !== undefined) throw unseen
    return mergeIncident(context.store, incident, { into, by: context.principal.name })
  },
})

export const incidentSplit = writing({
  name: 'incident.split',
  about: 'Makes what was a part of another incident one of its own again',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  audit: { action: 'incident.split', target },
  run: ({ store, principal }, { incident }): Promise<IncidentView> =>
    splitIncident(store, incident, principal.name),
})
