import { z } from 'zod'
import type { Schedule } from '../config/config.ts'
import { lastOfSource, type SyncRun } from '../sync/index.ts'
import { reading } from './verb.ts'
import { isVisible } from './visible.ts'

/** A look at servers by the clock, and its last one. */
export interface ScheduleView extends Pick<Schedule, 'name' | 'cron' | 'does'> {
  /** Null is all. */
  server: string | null
  backend: string | null
  last: SyncRun | null
}

export const scheduleList = reading({
  name: 'schedule.list',
  about: 'What the configuration has done by the clock, and what became of the last time',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: (context): Promise<ScheduleView[]> => {
    const { store, config } = context
    return Promise.all(
      config.schedules
        .filter((one) => isVisible(context, one))
        .map(async ({ name, cron, does, server = null, backend = null }) => {
          const last = (await lastOfSource(store, `schedule:${name}`)) ?? null
          return { name, cron, does, server, backend, last }
        }),
    )
  },
})
