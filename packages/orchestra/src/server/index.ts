export { type AuditSearch, type AuditView, auditFilters, countAudit, listAudit } from './audit-list.ts'
export { type AuditEntry, announce, audit } from './control.ts'
export { type Doer, doerOf } from './doer.ts'
export { holdServer, releaseOverdue, releaseServer } from './hold.ts'
export { type HeldLane, isOwned } from './owned.ts'
export { isPaused, type Pause, pause, resume } from './pause.ts'
export {
  approveKey,
  countServers,
  findServers,
  getServer,
  listServers,
  recordPresentedKey,
  type ServerSearch,
  serverFilters,
  type UnapprovedKey,
  unapprovedKeys,
  unknownServer,
} from './registry.ts'
export { type ServerOptions, type ServerRow, toTarget } from './server.ts'
