import { z } from 'zod'
import type { Config, Schedule } from '../config/config.ts'
import { suggestion } from '../config/similar.ts'
import { OrchestraError } from '../errors.ts'
import { audit } from '../server/index.ts'
import { lastOfSource, requestSync, type SyncRun } from '../sync/index.ts'
import { nameField } from './fields.ts'
import { reading, writing } from './verb.ts'
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

export const scheduleRun = writing({
  name: 'schedule.run',
  about: 'Has done at once what the configuration has done by the clock',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ schedule: nameField }),
  audit: { action: 'schedule.run', target: ({ schedule }) => `schedule ${schedule}` },
  run: async ({ store, config, principal }, { schedule }): Promise<{ id: number }> => {
    const { name, does: mode, server, backend } = scheduleNamed(config, schedule)
    const { name: by } = principal
    return store.transaction(async (tx) => {
      const source = `schedule:${name}`
      const { id } = await requestSync(tx, { mode, server, backend, actor: by, source })
      await audit(tx, { by, action: 'schedule.run', target: `schedule ${name}`, detail: { mode, sync: id } })
      return { id }
    })
  },
})

function scheduleNamed({ schedules }: Config, name: string): Schedule {
  const found = schedules.find((one) => one.name === name)
  if (found !== undefined) return found
  const names = schedules.map((one) => one.name)
  throw new OrchestraError(
    'ORC_SCHEDULE_UNKNOWN',
    `The configuration has no schedule ${JSON.stringify(name)}`,
    {
      hint: suggestion(name, names, names.length === 0 ? 'It has none' : `It has ${names.join(', ')}`),
    },
  )
}
