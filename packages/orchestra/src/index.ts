export type { Actor } from './capture/index.ts'
export {
  type Backend,
  type BackendOptions,
  type BrokenPolicy,
  type DriftPolicy,
  defineBackend,
  type IgnoreRules,
  type MovePolicy,
  type RenamePolicy,
  type Timeouts,
  type Transfer,
} from './config/backend.ts'
export {
  type Config,
  type ConfigOptions,
  defineConfig,
  type Schedule,
  type WorkerOptions,
} from './config/config.ts'
export {
  defineModel,
  type Key,
  type Loader,
  type LoaderContext,
  type Model,
  type ModelOptions,
  type ObjectOf,
  type RelatedTable,
} from './config/model.ts'
export type { CustomerState, Wording } from './config/wording.ts'
export type {
  ChangesTokenOptions,
  CustomerChange,
  CustomerChanges,
  CustomerObject,
} from './customers/index.ts'
export { type ErrorCode, errorCodes, isOrchestraError, messageOf, OrchestraError } from './errors.ts'
export {
  type Event,
  type EventCursor,
  type EventPage,
  eventsFromNow,
  readEvents,
  type Told,
} from './events/index.ts'
export { addServer, removeServer, type ServerChange, setServer } from './fleet/index.ts'
export type {
  ApiOptions,
  Authorize,
  Authorized,
  Console,
  ConsoleOptions,
  OfferedApi,
} from './http/index.ts'
export type { Difference, Finding, FindingState } from './inspect/index.ts'
export { Manager, type ManagerOptions, type Outcome, outcomes } from './manager/index.ts'
export { fetchHostKey, fingerprint, type HostKey } from './methods/index.ts'
export { checkOptions, type KnownOptions, type NamesOf } from './options.ts'
export { type CheckSelector, type CollectOptions, Orchestra, type SyncOptions } from './orchestra.ts'
export type { UnitOperation, UnitState, UnitStatus } from './placements/index.ts'
export type { Plan, PlannedFailure, PlannedOperation, PlannedScriptText, WholePlan } from './plan/index.ts'
export {
  addRoute,
  disableRoute,
  enableRoute,
  listRoutes,
  type NewRoute,
  type Route,
  type RouteChange,
  removeRoute,
  setRoute,
} from './router/index.ts'
export {
  type AsUserOptions,
  asUser,
  Command,
  type Content,
  type FileContent,
  isOurs,
  joinText,
  notMounted,
  type Objects,
  raw,
  type Script,
  Secret,
  type ShellValue,
  type Streamed,
  secret,
  sh,
  soundPlace,
  type TrashOptions,
  text,
  type WorkContext,
} from './script/index.ts'
export type { CopyLimits } from './script/transfer.ts'
export {
  approveKey,
  getServer,
  holdServer,
  listServers,
  recordPresentedKey,
  releaseServer,
  type ServerOptions,
  type ServerRow,
} from './server/index.ts'
export type { Store, StoreOptions } from './store/index.ts'
export type { SyncSelector, SyncStatus } from './sync/index.ts'
export { listTransfers, type TransferView } from './transfer/index.ts'
export type { Unit } from './units/index.ts'
