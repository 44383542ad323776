import type { IncidentView } from '../../incidents/index.ts'
import { incidentList, incidentMute, incidentResolve, incidentShow } from '../../operate/index.ts'
import { act, one, paged } from '../build.ts'

const { before, limit: _, ...filter } = incidentList.input.shape
const { incident, ...muting } = incidentMute.input.shape
const params = { incident }

export const incidentEndpoints = [
  paged<IncidentView>({
    path: '/incidents',
    verb: incidentList,
    query: filter,
    field: 'before',
    cursor: before.unwrap(),
    next: ({ id }) => id,
  }),
  one({ path: '/incidents/{incident}', verb: incidentShow, params }),
  act({ path: '/incidents/{incident}/mute', verb: incidentMute, params, body: muting }),
  act({ path: '/incidents/{incident}/resolve', verb: incidentResolve, params }),
]
