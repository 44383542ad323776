export { Bell } from './bell.ts'
export { withoutPassword } from './connection-failure.ts'
export { assertNothingLost, damageOf } from './damage.ts'
export { type EmbeddedUrls, embeddedUrls } from './embedded-urls.ts'
export { explain } from './explain.ts'
export { isStoreFailure } from './failure.ts'
export { givingWay } from './give-way.ts'
export { assertMigrated, assertNotNewer, migrate, schemaVersion, storedVersion } from './migrate.ts'
export { migrations } from './migrations/index.ts'
export { type Narrowing, narrowed, type Parameter, type RowKind, rowKinds } from './narrowing.ts'
export { often } from './often.ts'
export { hasOneSession } from './one-session.ts'
export { openStore, type StoreOptions, storeNames } from './open.ts'
export { type Connection, type Queryable, send, type Texts } from './queryable.ts'
export { isIn, type Range } from './range-plan.ts'
export {
  attach,
  keepRanges,
  like,
  nameOf,
  RANGES_PATIENCE,
  type RangedTables,
  rangesOf,
} from './ranges.ts'
export { ring } from './ring.ts'
export { readSetting, writeSetting } from './setting.ts'
export { isPassing, withShortLocks } from './short-locks.ts'
export { codeOf, hasCode } from './sqlstate.ts'
export { readTexts } from './statement.ts'
export { refreshStatistics } from './statistics.ts'
export { storable } from './storable.ts'
export type { Aside, Listener, Store, TransactionOptions } from './store.ts'
export { TURNS, takeTurn } from './turn.ts'
