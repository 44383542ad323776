/**
 * Where a reader is: a text for him to keep. It is not the number of an event, because one with a lower number may become visible later;
 * it is the snapshot of what he has seen, and while he reads a page, the one that he reads up to.
 */
export type EventCursor = string

/**
 * Something that happened. It names what it happened to and how it ended; all else is in the tables. So it costs a small row for each
 * script, unit or act, and none for each operation.
 */
export type Event =
  /** Operations of a unit of work were decided: those with numbers from `first` to `last` that are the unit's, or carry its changes. */
  | { kind: 'unit'; unit: string; first: number; last: number; operations: number }
  | { kind: 'script-started'; log: number; server: number; backend: string }
  | {
      kind: 'script-ended'
      log: number
      server: number
      backend: string
      /** The state of the log. */
      state: string
      /** How many of its operations ended how. */
      outcomes: Record<string, number>
    }
  /** It cannot be worked on, or for another reason than before. */
  | { kind: 'server-blocked'; server: number }
  | { kind: 'server-answers'; server: number }
  | { kind: 'sync-ended'; sync: number; state: 'done' | 'stopped' | 'failed' | 'cancelled' }
  | { kind: 'inspection-ended'; inspection: number; server: number; state: 'done' | 'failed' }
  | { kind: 'transfer-failed'; transfer: number }
  | { kind: 'transfer-ended'; transfer: number; outcome: 'success' | 'cancelled' }
  /** Somebody did something to Orchestra itself; the entry of the audit tells more. */
  | { kind: 'acted'; audit: number; action: string; target: string }

export type Told = Event & {
  id: number
  /** Where a reader is who has read up to this. */
  cursor: EventCursor
  /** ISO 8601. */
  at: string
}
