import { adoptionSurvey, adoptionTake } from './adopt.ts'
import { approvalList, planApprove, planReject } from './approvals.ts'
import { auditExport, auditHead, auditList, auditVerify } from './audit.ts'
import { bindingAdd, bindingList, bindingRemove, bindingShow } from './bindings.ts'
import { bulkItems, bulkShow, bulkStart } from './bulk.ts'
import { driftCauses, driftRepair } from './causes.ts'
import {
  channelAdd,
  channelList,
  channelRemove,
  channelShow,
  channelTest,
  deliveryList,
  deliveryRepeat,
} from './channels.ts'
import { objectCollect } from './collect.ts'
import { backendList, modelFields, modelList } from './configured.ts'
import { doctorExamine } from './doctor.ts'
import { driftList } from './drift.ts'
import { eventFollow, eventList } from './events.ts'
import { objectExplain } from './explain.ts'
import { objectForget } from './forget.ts'
import { grantsShow } from './grants.ts'
import { hookAdd, hookList, hookRemove, hookShow } from './hooks.ts'
import { incidentRetry } from './incident-retry.ts'
import {
  incidentAcknowledge,
  incidentList,
  incidentMerge,
  incidentMute,
  incidentResolve,
  incidentShow,
  incidentSplit,
} from './incidents.ts'
import {
  planDiffs,
  planDiscard,
  planKeep,
  planList,
  planOperations,
  planScripts,
  planShow,
} from './kept-plans.ts'
import { keyDrop, keyRotate, keyShow } from './keys.ts'
import { laneShow } from './lane.ts'
import {
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
import { matrixRead } from './matrix.ts'
import { metricsRead } from './metrics.ts'
import { objectList } from './object-list.ts'
import { operationList } from './operation-list.ts'
import { pauseShow, workPause, workResume } from './pause.ts'
import { placeList } from './places.ts'
import { planApply, planMake, planSave } from './plan.ts'
import { protectionAdd, protectionList, protectionRemove } from './protections.ts'
import { requestCancel, requestList, requestShow } from './requests.ts'
import { roleAdd, roleList, roleRemove, roleSet, roleShow } from './roles.ts'
import { routeAdd } from './route-add.ts'
import { routeDisable, routeEnable, routeRemove, routeSet } from './route-change.ts'
import { routePreview } from './route-preview.ts'
import { routeList, routeShow } from './routes.ts'
import { scheduleList, scheduleRun } from './schedules.ts'
import { searchFind } from './search.ts'
import { serverAdd } from './server-add.ts'
import { serverApprove } from './server-approve.ts'
import { serverHold, serverRelease } from './server-hold.ts'
import { serverRemove } from './server-remove.ts'
import { serverSet } from './server-set.ts'
import { serverCheck, serverList, serverShow } from './servers.ts'
import { sessionList, sessionRevoke } from './sessions.ts'
import { statusRead, workerList } from './status.ts'
import { storeUninstall, storeUrl } from './store.ts'
import { syncCancel, syncList, syncShow, syncStart } from './sync.ts'
import { tokenAdd, tokenList, tokenRevoke, tokenShow } from './tokens.ts'
import { transferList } from './transfers.ts'
import { trashEmpty, trashList, trashRestore } from './trash.ts'
import { unitList, unitShow, unitWork } from './units.ts'
import { userAdd, userLink, userList, userRemove, userSet, userShow } from './users.ts'
import type { AnyVerb } from './verb.ts'
import { viewList, viewRemove, viewSave, viewSet } from './views.ts'
import { approvalWaiting } from './waiting.ts'
import { workCancel, workRetry } from './work.ts'

/** Everything that a person can ask for: the command, and whatever else people ask by, is a face of these. */
export const operations = [
  serverList,
  serverShow,
  laneShow,
  serverAdd,
  serverCheck,
  serverApprove,
  serverSet,
  serverHold,
  serverRelease,
  serverRemove,
  routeList,
  routeShow,
  routePreview,
  routeAdd,
  routeSet,
  routeEnable,
  routeDisable,
  routeRemove,
  workRetry,
  workCancel,
  pauseShow,
  workPause,
  workResume,
  protectionList,
  protectionAdd,
  protectionRemove,
  viewList,
  viewSave,
  viewSet,
  viewRemove,
  bulkStart,
  bulkShow,
  bulkItems,
  objectList,
  objectCollect,
  objectForget,
  objectExplain,
  statusRead,
  metricsRead,
  incidentList,
  incidentShow,
  incidentMute,
  incidentAcknowledge,
  incidentRetry,
  incidentMerge,
  incidentSplit,
  incidentResolve,
  channelList,
  channelShow,
  channelAdd,
  channelTest,
  channelRemove,
  deliveryList,
  deliveryRepeat,
  workerList,
  requestList,
  requestShow,
  requestCancel,
  matrixRead,
  searchFind,
  syncStart,
  syncList,
  syncShow,
  syncCancel,
  driftList,
  driftCauses,
  driftRepair,
  adoptionSurvey,
  adoptionTake,
  planMake,
  planSave,
  planApply,
  planApprove,
  planReject,
  planKeep,
  planList,
  planShow,
  planOperations,
  planDiffs,
  planScripts,
  planDiscard,
  approvalList,
  approvalWaiting,
  placeList,
  unitList,
  unitShow,
  unitWork,
  operationList,
  logList,
  logShow,
  logScript,
  logLines,
  logSections,
  logSearch,
  logWatch,
  logOutput,
  logFollow,
  trashList,
  trashRestore,
  trashEmpty,
  keyShow,
  keyRotate,
  keyDrop,
  eventList,
  eventFollow,
  auditList,
  auditExport,
  auditHead,
  auditVerify,
  modelList,
  modelFields,
  backendList,
  scheduleList,
  scheduleRun,
  transferList,
  userList,
  userShow,
  userAdd,
  userSet,
  userRemove,
  userLink,
  tokenList,
  tokenShow,
  tokenAdd,
  tokenRevoke,
  hookList,
  hookShow,
  hookAdd,
  hookRemove,
  roleList,
  roleShow,
  roleAdd,
  roleSet,
  roleRemove,
  bindingList,
  bindingShow,
  bindingAdd,
  bindingRemove,
  sessionList,
  sessionRevoke,
  doctorExamine,
  grantsShow,
  storeUrl,
  storeUninstall,
] as const satisfies readonly AnyVerb[]

export type VerbName = (typeof operations)[number]['name']
