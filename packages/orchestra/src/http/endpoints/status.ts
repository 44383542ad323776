import {
  doctorExamine,
  eventList,
  METRICS_TYPE,
  metricsRead,
  metricsText,
  pauseShow,
  searchFind,
  statusRead,
  workerList,
  workPause,
  workResume,
} from '../../operate/index.ts'
import type { WorkerStatus } from '../../placements/index.ts'
import { act, keyed, one, pages, plain, whole } from '../build.ts'

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
  plain({
    path: '/metrics',
    verb: metricsRead,
    about: 'What monitoring watches, as Prometheus reads it',
    plain: {
      type: METRICS_TYPE,
      textOf: (output) => metricsText(output as Awaited<ReturnType<typeof metricsRead.run>>),
    },
  }),
  one({ path: '/pause', verb: pauseShow }),
  act({ path: '/pause', verb: workPause, body: workPause.input.shape }),
  act({ path: '/pause', verb: workResume, method: 'DELETE' }),
]
