import type { RangedTables } from '../store/index.ts'

/** What logs hold, in ranges of their numbers. The logs themselves are one table: lanes ask it all the time, by server. */
export const logTables: RangedTables = {
  tables: ['log_operation', 'log_chunk'],
  column: 'log_id',
  source: { table: 'log', at: 'created_at' },
}
