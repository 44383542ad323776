export { assertMigrated, migrate, schemaVersion, storedVersion } from './migrate.ts'
export { openStore, type StoreOptions } from './open.ts'
export { refreshStatistics } from './statistics.ts'
export { storable } from './storable.ts'
export {
  type Connection,
  isConnectionError,
  type Listener,
  type Queryable,
  readTexts,
  type Store,
  type Texts,
} from './store.ts'
