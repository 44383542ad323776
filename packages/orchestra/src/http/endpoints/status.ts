import {
  auditList,
  doctorExamine,
  eventList,
  statusRead,
  workerList,
  workPause,
  workResume,
} from '../../operate/index.ts'
import type { WorkerStatus } from '../../placements/index.ts'
import type { AuditView } from '../../server/index.ts'
import { act, keyed, one, paged, pages, whole } from '../build.ts'

const { by, action, target, since, before } = auditList.input.shape

export const statusEndpoints = [
  one({ path: '/status', verb: statusRead, permission: 'status.read', query: statusRead.input.shape }),
  keyed<WorkerStatus>({
    path: '/workers',
    verb: workerList,
    permission: 'status.read',
    key: ({ id }) => [id],
  }),
  whole({ path: '/doctor', verb: doctorExamine, permission: 'status.read' }),
  pages({
    path: '/events',
    verb: eventList,
    permission: 'status.read',
    cursor: eventList.input.shape.after.unwrap(),
    items: 'events',
  }),
  paged<AuditView>({
    path: '/audit',
    verb: auditList,
    permission: 'audit',
    query: { by, action, target, since },
    field: 'before',
    cursor: before.unwrap(),
    next: ({ id }) => id,
  }),
  act({ path: '/pause', verb: workPause, permission: 'pause', body: workPause.input.shape }),
  act({ path: '/pause', verb: workResume, permission: 'pause', method: 'DELETE' }),
]
