import { z } from 'zod'
import { type OperationView, operationsOfLane, type ServerStatus, serverStatus } from '../placements/index.ts'
import { getServer } from '../server/index.ts'
import { limitField, nameField } from './fields.ts'
import { reading } from './verb.ts'

/** What one server is at. */
export interface LaneView {
  status: ServerStatus
  running: OperationView[]
  /** What waits, the oldest first, each with what it waits for. */
  waiting: OperationView[]
}

export const laneShow = reading({
  name: 'lane.show',
  about: 'What runs on one server, what waits there, and for what',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    server: nameField,
    /** How many of those that wait are named. */
    limit: limitField.default(50),
  }),
  run: async ({ store, config }, { server: name, limit }): Promise<LaneView> => {
    const { id } = await getServer(store, name)
    const status = await serverStatus(store, id)
    const running = await operationsOfLane(store, { server: id, state: 'running', limit }, { config })
    const waiting = await operationsOfLane(store, { server: id, state: 'waiting', limit }, { config })
    return { status, running, waiting }
  },
})
