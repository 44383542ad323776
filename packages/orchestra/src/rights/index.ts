export { type Facts, ownSchemas, readFacts, readTables, type WatchedTable } from './facts.ts'
export { grantsFor, type Roles, type Section } from './grants.ts'
