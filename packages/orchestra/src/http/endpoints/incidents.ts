import type { IncidentView } from '../../incidents/index.ts'
import {
  type BulkBegun,
  incidentAcknowledge,
  incidentList,
  incidentMerge,
  incidentMute,
  incidentResolve,
  incidentRetry,
  incidentShow,
  incidentSplit,
} from '../../operate/index.ts'
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
  act({
    path: '/incidents/{incident}/acknowledge',
    verb: incidentAcknowledge,
    params,
    body: { note: incidentAcknowledge.input.shape.note },
  }),
  act({
    path: '/incidents/{incident}/retry',
    verb: incidentRetry,
    status: 202,
    params,
    body: { dryRun: incidentRetry.input.shape.dryRun },
    location: ({ bulk }: BulkBegun) => (bulk === null ? null : `/bulk/${bulk}`),
  }),
  act({
    path: '/incidents/{incident}/merge',
    verb: incidentMerge,
    params,
    body: { into: incidentMerge.input.shape.into },
  }),
  act({ path: '/incidents/{incident}/split', verb: incidentSplit, params }),
  act({ path: '/incidents/{incident}/resolve', verb: incidentResolve, params }),
]
