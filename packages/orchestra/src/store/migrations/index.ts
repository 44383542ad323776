import * as first from './0001-first.ts'
import * as convergence from './0002-convergence.ts'
import * as boundaries from './0003-boundaries.ts'
import * as ownership from './0004-ownership.ts'
import * as alone from './0005-alone.ts'
import * as keys from './0006-keys.ts'
import * as tags from './0007-tags.ts'
import * as history from './0008-history.ts'
import * as events from './0009-events.ts'
import * as generations from './0010-generations.ts'
import * as lanes from './0011-lanes.ts'
import * as places from './0012-places.ts'
import * as tally from './0013-tally.ts'
import * as tickets from './0014-tickets.ts'
import * as watch from './0015-watch.ts'
import * as access from './0016-access.ts'
import * as begunLogins from './0017-begun-logins.ts'
import * as names from './0018-names.ts'
import * as requests from './0019-requests.ts'
import * as once from './0020-once.ts'
import * as views from './0021-views.ts'
import * as bulk from './0022-bulk.ts'
import * as holdUntil from './0023-hold-until.ts'
import * as plans from './0024-plans.ts'
import * as incidents from './0025-incidents.ts'
import * as hooks from './0026-hooks.ts'
import * as traces from './0027-traces.ts'
import * as planPlaces from './0028-plan-places.ts'
import * as holdEnds from './0029-hold-ends.ts'

export interface Migration {
  /**
   * What it changes about the table that the application's transactions write into: done first, in a transaction of its own that
   * ends at once, and again when what follows was cut off.
   */
  change: string
  sql: string
  /** What workers of releases do that do not know it; those stop that find nothing said. Since 0010, before which nobody asked. */
  older?: 'go on' | 'stop'
}

/** Forward only; a number, once released, never changes its text. */
export const migrations: readonly Migration[] = [
  first,
  convergence,
  boundaries,
  ownership,
  alone,
  keys,
  tags,
  history,
  events,
  generations,
  lanes,
  places,
  tally,
  tickets,
  watch,
  access,
  begunLogins,
  names,
  requests,
  once,
  views,
  bulk,
  holdUntil,
  plans,
  incidents,
  hooks,
  traces,
  planPlaces,
  holdEnds,
]
