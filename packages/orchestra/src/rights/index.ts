export { type Facts, ownSchemas, readFacts, type WatchedTable } from './facts.ts'
export { grantsFor, type Roles, type Section } from './grants.ts'
export { workerRights } from './needs.ts'
