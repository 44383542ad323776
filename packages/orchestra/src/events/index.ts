export type { Event, EventCursor, Told } from './event.ts'
export { type EventPage, eventsFromNow, isEventCursor, readEvents } from './read.ts'
export { cleanEvents, eventTables } from './retention.ts'
export { inspectionsEnded, syncEnded, tell, transfersEnded } from './tell.ts'
