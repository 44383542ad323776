export { assertMigrated, migrate, schemaVersion, storedVersion } from './migrate.ts'
export { openStore, type StoreOptions } from './open.ts'
export { storable } from './storable.ts'
export { isConnectionError, type Listener, type Queryable, type Store } from './store.ts'
