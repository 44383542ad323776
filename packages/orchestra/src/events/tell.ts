import type { Event } from './event.ts'

type Details<Kind extends Event['kind']> = {
  [Field in Exclude<keyof Extract<Event, { kind: Kind }>, 'kind'>]: string
}

/**
 * SQL that tells of an event for each row of something, as a part of the statement that makes these rows: what is rolled back is not told.
 * @param detail an expression for each field
 * @param rows what follows `from`
 */
export function tell<Kind extends Event['kind']>(kind: Kind, detail: Details<Kind>, rows: string): string {
  const fields = Object.entries<string>(detail).map(([field, expression]) => `'${field}', ${expression}`)
  return `insert into orchestra.event (kind, detail)
    select '${kind}', jsonb_build_object(${fields.join(', ')}) from ${rows}`
}

/** @param rows of the inspections that the statement ends */
export function inspectionsEnded(rows: string): string {
  return tell('inspection-ended', { inspection: 'id', server: 'server_id', state: 'state' }, rows)
}

/** @param rows of the synchronizations that the statement ends */
export function syncEnded(rows: string): string {
  return tell('sync-ended', { sync: 'id', state: 'state' }, rows)
}

/** @param rows of the transfers that the statement ends, with what became of each */
export function transfersEnded(rows: string): string {
  return tell('transfer-ended', { transfer: 'id', outcome: 'outcome' }, rows)
}
