import {
  auditList,
  doctorExamine,
  eventList,
  pauseShow,
  searchFind,
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
  one({ path: '/status', verb: statusRead, query: statusRead.input.shape }),
  one({
    path: '/search',
    verb: searchFind,
    query: { q: searchFind.input.shape.text, limit: searchFind.input.shape.limit },
    input: ({ query: { q: text, ...query } }) => ({ ...query, text }),
  }),
  keyed<WorkerStatus>({
    path: '/workers',
    verb: workerList,
    key: ({ id }) => [id],
  }),
  whole({ path: '/doctor', verb: doctorExamine }),
  pages({
    path: '/events',
    verb: eventList,
    cursor: eventList.input.shape.after.unwrap(),
    items: 'events',
  }),
  paged<AuditView>({
    path: '/audit',
    verb: auditList,
    query: { by, action, target, since },
    field: 'before',
    cursor: before.unwrap(),
    next: ({ id }) => id,
  }),
  one({ path: '/pause', verb: pauseShow }),
  act({ path: '/pause', verb: workPause, body: workPause.input.shape }),
  act({ path: '/pause', verb: workResume, method: 'DELETE' }),
]
