import type { Narrowing } from '../store/index.ts'

/** What somebody may see of what is told as a whole: rows by a condition, servers by name. */
export interface Seen {
  rows: Narrowing
  server: (name: string) => boolean
}
