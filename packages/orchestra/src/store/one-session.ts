import type { Queryable } from './store.ts'

/**
 * Whether a database has one session at a time, as the embedded one has however it is reached: by its directory, or by the URL that it
 * prints. Whoever asks for another one within a transaction waits for himself.
 */
export async function hasOneSession(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ is_embedded: boolean }>(`select version() like '%(PGlite %' as is_embedded`)
  return row?.is_embedded === true
}
