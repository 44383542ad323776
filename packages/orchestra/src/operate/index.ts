// What faces show answers with: pure, and of one wording everywhere.
export { ownVersion } from '../config/own-version.ts'
export { isUsed, useText } from '../fleet/index.ts'
export { unknownText } from '../generation/index.ts'
export { isDrift } from '../inspect/index.ts'
export { decodeOutput, logStates } from '../logs/index.ts'
export { METRICS_TYPE, metricsText } from '../metrics/index.ts'
export { causesOf, objectCursor, placementStates, shortUnit } from '../placements/index.ts'
// A plan in a file is the caller's: the verbs take and answer its content.
export { readPlan, writePlan } from '../plan/index.ts'
export { QueryFault } from '../query/index.ts'
export { hasEnded } from '../requests/index.ts'
export { destinationName } from '../router/index.ts'
export { toExactJson } from '../source/index.ts'
export { isSettled, isStill, isUnfinished } from '../sync/index.ts'
export {
  type Adopted,
  type AdoptionQuestion,
  adoptionSurvey,
  adoptionTake,
  type SurveyView,
} from './adopt.ts'
export { NotAgreed } from './agreement.ts'
export { askFor } from './application.ts'
export { type ApprovalGiven, approvalList, planApprove, planReject } from './approvals.ts'
export { auditExport, auditHead, auditList, auditVerify } from './audit.ts'
export { bindingAdd, bindingList, bindingRemove, bindingShow } from './bindings.ts'
export { type BulkView, bulkActionNames, bulkItems, bulkShow, bulkStart } from './bulk.ts'
export type { BulkBegun } from './bulk-begin.ts'
export { type CausePage, driftCauses, driftRepair, type RepairBegun } from './causes.ts'
export {
  type ChannelAdded,
  channelAdd,
  channelList,
  channelRemove,
  channelShow,
  channelTest,
  deliveryList,
  deliveryRepeat,
} from './channels.ts'
export { faultIn, InputFault } from './check-input.ts'
export { type Collected, objectCollect } from './collect.ts'
export { type BackendView, backendList, type ModelView, modelFields, modelList } from './configured.ts'
export type { Agreement, Caller, Context, Ground, News, Principal } from './context.ts'
export { doctorExamine } from './doctor.ts'
export { driftList } from './drift.ts'
export { eventFollow, eventList } from './events.ts'
export { type ObjectExplained, objectExplain } from './explain.ts'
export { limitField, nameField, nameList, queryField } from './fields.ts'
export { filtersOf, queryLists } from './filters.ts'
export { follow, type Look, patience } from './follow.ts'
export { type ForgetQuestion, forgettingText, objectForget } from './forget.ts'
export { type GrantsShown, grantsShow } from './grants.ts'
export { canBeHandedOver, handOver, requestEnded } from './hand-over.ts'
export { proveMessage, takeMessage } from './hook-delivery.ts'
export { type HookShown, hookAdd, hookList, hookRemove, hookShow } from './hooks.ts'
export { incidentRetry } from './incident-retry.ts'
export {
  incidentAcknowledge,
  incidentList,
  incidentMerge,
  incidentMute,
  incidentResolve,
  incidentShow,
  incidentSplit,
} from './incidents.ts'
export {
  type PlanDetail,
  type PlanView,
  planDiffs,
  planDiscard,
  planKeep,
  planList,
  planOperations,
  planScripts,
  planShow,
} from './kept-plans.ts'
export { type KeyRotated, keyDrop, keyRotate, keyShow } from './keys.ts'
export { type LaneView, laneShow } from './lane.ts'
export { linkText } from './link-text.ts'
export {
  logFollow,
  logLines,
  logList,
  logOutput,
  logScript,
  logSearch,
  logSections,
  logShow,
  logWatch,
} from './logs.ts'
export { matrixRead } from './matrix.ts'
export { metricsRead } from './metrics.ts'
export { objectList } from './object-list.ts'
export { operationList } from './operation-list.ts'
export { operations, type VerbName } from './operations.ts'
export { type PauseShown, pauseShow, workPause, workResume } from './pause.ts'
export { perform } from './perform.ts'
export { leastFor } from './permissions.ts'
export { assertMayAsk } from './permit.ts'
export { placeList } from './places.ts'
export { type PlanShown, planApply, planMake, planSave } from './plan.ts'
export { protectionAdd, protectionList, protectionRemove } from './protections.ts'
export { requestsBy } from './requested.ts'
export { requestCancel, requestList, requestShow } from './requests.ts'
export type { ReroutingQuestion } from './rerouting.ts'
export { roleAdd, roleList, roleRemove, roleSet, roleShow } from './roles.ts'
export { routeAdd } from './route-add.ts'
export { type RouteChanged, routeDisable, routeEnable, routeRemove, routeSet } from './route-change.ts'
export { routePreview } from './route-preview.ts'
export { type RouteView, routeList, routeShow } from './routes.ts'
export { type ScheduleView, scheduleList, scheduleRun } from './schedules.ts'
export { searchFind } from './search.ts'
export { type KeyQuestion, type ServerAdded, serverAdd } from './server-add.ts'
export { type PresentedKey, serverApprove } from './server-approve.ts'
export type { ServerFacts } from './server-facts.ts'
export { serverHold, serverRelease } from './server-hold.ts'
export { serverRemove } from './server-remove.ts'
export { type ServerSet, serverSet } from './server-set.ts'
export { addressOf, type ServerView } from './server-view.ts'
export { type ServerDetails, serverCheck, serverList, serverShow } from './servers.ts'
export { sessionList, sessionRevoke } from './sessions.ts'
export { statusRead, workerList } from './status.ts'
export { storeUninstall, storeUrl } from './store.ts'
export { type SyncShown, syncCancel, syncList, syncShow, syncStart } from './sync.ts'
export { tokenAdd, tokenList, tokenRevoke, tokenShow } from './tokens.ts'
export { transferList } from './transfers.ts'
export { type TrashQuestion, type TrashView, trashEmpty, trashList, trashRestore } from './trash.ts'
export { unitList, unitShow, unitWork } from './units.ts'
export { userAdd, userLink, userList, userRemove, userSet, userShow } from './users.ts'
export { type AnyVerb, counting, type Needs, type OutputOf, type Verb } from './verb.ts'
export { ChangedMeanwhile, expecting, subjectOf, versionOf } from './version.ts'
export { viewList, viewRemove, viewSave, viewSet } from './views.ts'
export { approvalWaiting, type WaitingApproval } from './waiting.ts'
export { workCancel, workRetry } from './work.ts'
