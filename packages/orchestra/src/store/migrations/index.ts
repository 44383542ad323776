import { sql as first } from './0001-first.ts'
import { sql as convergence } from './0002-convergence.ts'
import { sql as boundaries } from './0003-boundaries.ts'

/** Forward only; a number, once released, never changes its text. */
export const migrations: readonly string[] = [first, convergence, boundaries]

/** Any constant: it only has to be the same in every process. */
export const MIGRATION_LOCK = 7_355_608
