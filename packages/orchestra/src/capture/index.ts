export type { Actor } from './actor.ts'
export { CAPTURE_ROLE, grantMembership } from './capture-role.ts'
export { wrapClient } from './client.ts'
export { type CollectRequest, collect } from './collect.ts'
export { type PgDriver, wrapDriver } from './driver.ts'
export type { CaptureState, CaptureStatus } from './examine.ts'
export { type ExpressRequest, type ExpressUnitOptions, expressUnits } from './express.ts'
export { type FastifyApp, type FastifyRequest, type FastifyUnitOptions, fastifyUnits } from './fastify.ts'
export { heal } from './heal.ts'
export { unitHeader } from './http.ts'
export { keyText } from './key-text.ts'
export { wrapPool } from './pool.ts'
export { wrapPostgresJs } from './postgres-js.ts'
export type { PostgresJs } from './postgres-js-query.ts'
export {
  parseTableName,
  quoteIdentifier,
  quoteTable,
  quoteTableName,
  type TableName,
} from './table-name.ts'
export {
  type CaptureFailure,
  type CaptureReport,
  captureStanding,
  captureStatus,
  type InstallOptions,
  installCapture,
  removeCapture,
} from './triggers.ts'
export { currentUnit, type OpenClient, type Unit, type UnitOptions, unitNames, unitOfWork } from './unit.ts'
export { type Watch, type WatchedModel, watchesOf } from './watch.ts'
