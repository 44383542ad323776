export { chainOf } from './chain.ts'
export { crown } from './crown.ts'
export { mayGive, owned } from './data.ts'
export { type Decision, decide, intend, tidy } from './decide.ts'
export { lockOpenOperations, lockPlacesWhere } from './lock.ts'
export { next } from './next.ts'
export { abandoned, adopt, cancel, forget, forgetAtOnce, protect, retry } from './person.ts'
export type {
  Around,
  Deed,
  Name,
  Next,
  Place,
  Question,
  Rules,
  Standing,
  Trying,
  Wait,
  Want,
} from './place.ts'
export { held, isInDoubt, isParked, isReached, parkedName } from './place.ts'
export {
  isNameThere,
  lockFree,
  lockOnly,
  lockPlaces,
  type ObjectOfBackend,
  PLACE_COLUMNS,
  PLACE_ORDER,
  placesNamed,
  protectionsOf,
} from './read.ts'
export { rulesOf } from './rules.ts'
export { begin, begunMeanwhile, type Ended, end, overtaken, received } from './run.ts'
export { type Chain, keptText, questionText, type Said, sayWait } from './say.ts'
export { placeName, snapshotsOf } from './snapshots.ts'
export {
  familyName,
  objectName,
  type PlaceKey,
  type PlaceRow,
  renamed,
  type Stored,
  type StoredName,
  serverName,
  toRow,
  toStored,
} from './stored.ts'
export {
  beginReceiving,
  cancelTransfers,
  type Departure,
  destination,
  endReceiving,
  isReceiving,
  type Journey,
  openTransfers,
} from './transfers.ts'
export { namesFound, type Whose } from './whose.ts'
export { type Made, removePlaces, type Written, wakeWaiting, writePlaces } from './write.ts'
