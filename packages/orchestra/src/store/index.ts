export { Bell } from './bell.ts'
export { withoutPassword } from './connection-failure.ts'
export { assertNothingLost, damageOf } from './damage.ts'
export { type EmbeddedUrls, embeddedUrls } from './embedded-urls.ts'
export { explain } from './explain.ts'
export { isStoreFailure } from './failure.ts'
export { assertMigrated, assertNotNewer, migrate, schemaVersion, storedVersion } from './migrate.ts'
export { MIGRATION_LOCK, migrations } from './migrations/index.ts'
export { openStore, type StoreOptions, storeNames } from './open.ts'
export { isIn, type Range } from './range-plan.ts'
export {
  attach,
  keepRanges,
  like,
  nameOf,
  RANGES_LOCK,
  RANGES_PATIENCE,
  type RangedTables,
  rangesOf,
} from './ranges.ts'
export { readSetting, writeSetting } from './setting.ts'
export { isPassing, withShortLocks } from './short-locks.ts'
export { codeOf, hasCode } from './sqlstate.ts'
export { refreshStatistics } from './statistics.ts'
export { storable } from './storable.ts'
export {
  type Aside,
  type Connection,
  type Listener,
  type Queryable,
  readTexts,
  type Store,
  type Texts,
} from './store.ts'
