export interface Queryable {
  /**
   * Runs one statement (or several without values) and answers the rows of the last. What is asked before the answer is there runs
   * behind it, in the same order.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** What a transaction has beside it, see `send`. */
  send?(text: string, values?: readonly unknown[]): void
}

/**
 * Runs a statement whose answer nobody needs. In a transaction nobody waits for it either: what comes next runs behind it, and if it
 * fails, so does what comes next, or the commit.
 */
export async function send(db: Queryable, text: string, values: readonly unknown[] = []): Promise<void> {
  if (db.send === undefined) await db.query(text, values)
  else db.send(text, values)
}

/** Rows as Postgres writes them, before a driver makes values of them. */
export interface Texts {
  columns: readonly { name: string; type: number }[]
  rows: readonly (readonly (string | null)[])[]
}

/** What can also answer every value as the text that Postgres wrote, to its last digit. */
export interface Connection extends Queryable {
  texts(text: string, values?: readonly unknown[]): Promise<Texts>
}
