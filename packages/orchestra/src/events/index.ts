export type { Event, Told } from './event.ts'
export { type EventCursor, type EventPage, eventsFromNow, readEvents } from './read.ts'
export { cleanEvents, eventTables } from './retention.ts'
export { inspectionsEnded, syncEnded, tell } from './tell.ts'
