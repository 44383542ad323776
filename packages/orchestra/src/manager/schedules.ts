import type { Config } from '../config/config.ts'
import { eventTables } from '../events/index.ts'
import { logTables } from '../logs/index.ts'
import type { Methods } from '../methods/index.ts'
import { sumUp } from '../operations/tally.ts'
import { requestSync, type SyncRequest } from '../request/request.ts'
import { keepRanges, type Store } from '../store/index.ts'
import { emptyOldTrash } from '../trash/index.ts'
import { clean } from './clean.ts'
import type { WakeupOptions } from './wakeups.ts'

type Schedules = WakeupOptions['schedules']

export interface ScheduleContext {
  store: Store
  config: Config
  methods: Methods
  onError(error: unknown): void
}

/** Everything that is due by the clock: Orchestra's own housekeeping, and what the configuration asks for. Times are UTC. */
export function schedulesOf(context: ScheduleContext): Schedules {
  const { store, config, onError } = context
  // What a job throws is known to pg-boss alone.
  return {
    'orchestra-clean': { cron: '17 3 * * *', run: () => clean(store, config.retention).catch(onError) },
    // Costs no server anything, and finds whatever capture could not see.
    'orchestra-compare': { cron: '47 3 * * *', run: () => compareAll(store).catch(onError) },
    'orchestra-ranges': { cron: '* * * * *', run: () => keepAllRanges(store).catch(onError) },
    'orchestra-tally': { cron: '* * * * *', run: () => sumUp(store).catch(onError) },
    'orchestra-trash': { cron: '17 4 * * *', run: () => emptyOldTrash(context).catch(onError) },
    ...configured(context),
  }
}

async function keepAllRanges(store: Store): Promise<void> {
  for (const tables of [logTables, eventTables]) await keepRanges(store, tables)
}

async function compareAll(store: Store): Promise<void> {
  await requestUnlessOpen(store, { mode: 'sync', inspects: false, actor: null, source: 'schedule' })
}

/** What a schedule asked for and has not ended is not asked for again behind it: a server that is slow would get ever more of it. */
async function requestUnlessOpen(store: Store, request: SyncRequest): Promise<void> {
  const open = await store.query(
    'select from orchestra.sync where source = $1 and ended_at is null limit 1',
    [request.source],
  )
  if (open.length === 0) await requestSync(store, request)
}

/** What a job throws is known to pg-boss alone: what cannot be asked for, as of a server that is gone, is told and tried again at its next time. */
function configured({ store, config, onError }: ScheduleContext): Schedules {
  return Object.fromEntries(
    config.schedules.map(({ name, cron, does, server, backend }) => [
      `orchestra-schedule-${name}`,
      {
        cron,
        run: async () => {
          const request = { mode: does, server, backend, actor: null, source: `schedule:${name}` }
          await requestUnlessOpen(store, request).catch(onError)
        },
      },
    ]),
  )
}
