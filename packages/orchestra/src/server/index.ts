export { type AuditSearch, type AuditView, listAudit } from './audit-list.ts'
export { type AuditEntry, announce, audit } from './control.ts'
export { type Doer, doerOf } from './doer.ts'
export { type HeldLane, isOwned } from './owned.ts'
export { isPaused, type Pause, pause, resume } from './pause.ts'
export {
  approveKey,
  getServer,
  holdServer,
  listServers,
  recordPresentedKey,
  releaseServer,
  unknownServer,
} from './registry.ts'
export { type ServerOptions, type ServerRow, toTarget } from './server.ts'
