import { z } from 'zod'
import { isPaused, type Pause, pause, resume } from '../server/index.ts'
import { reasonField } from './fields.ts'
import { reading, writing } from './verb.ts'

/** Whether all work waits, and why. */
export interface PauseShown {
  paused: Pause | null
}

export const pauseShow = reading({
  name: 'pause.show',
  about: 'Whether all work waits, since when, by whom and why',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: async ({ store }): Promise<PauseShown> => ({ paused: (await isPaused(store)) ?? null }),
})

export const workPause = writing({
  name: 'work.pause',
  about: 'Lets all work wait, everywhere; nothing is lost',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ reason: reasonField.default('') }),
  audit: { action: 'pause', target: () => 'orchestra' },
  run: async ({ store, principal }, { reason }): Promise<{ paused: Pause }> => ({
    paused: await pause(store, { by: principal.name, reason }),
  }),
})

export const workResume = writing({
  name: 'work.resume',
  about: 'Ends a pause',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  audit: { action: 'resume', target: () => 'orchestra' },
  run: async ({ store, principal }): Promise<{ paused: null; wasPaused: boolean }> => ({
    paused: null,
    wasPaused: await resume(store, { by: principal.name }),
  }),
})
