export { addRequest, type NewRequest } from './add.ts'
export {
  addBulk,
  type BulkAsked,
  type BulkCounts,
  type BulkItem,
  type BulkOutcome,
  type BulkTarget,
  bulkItemStates,
  countItems,
  endItem,
  listItems,
  readBulkWork,
  waitingItems,
} from './bulk.ts'
export { cancelRequest } from './cancel.ts'
export { cleanRequests, type RequestOutcome } from './claim.ts'
export {
  beginOnce,
  cleanOnce,
  endOnce,
  forgetOnce,
  type KeptAnswer,
  keepAlive,
  loseOnce,
  type Once,
} from './once.ts'
export { listRequests, type RequestRead, readRequest, unknownRequest } from './read.ts'
export {
  type Asker,
  hasEnded,
  keyOf,
  type RequestedWork,
  type RequestFailure,
  type RequestSummary,
  type RequestView,
} from './request.ts'
export { type DoRequest, RequestRunner } from './runner.ts'
