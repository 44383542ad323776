import { createHash } from 'node:crypto'
import type { Queryable } from '../store/index.ts'
import { REPORTED } from './reported.ts'
import { step } from './watch.ts'

/** What somebody did that others have to hear of. */
export interface Reported {
  /** Tells it from all others. */
  key: string
  /** By name; null where it is about none, or several. */
  server: string | null
  backend: string | null
  error: string
  /** Names of objects, all of them. */
  objects: readonly string[]
  by: string
}

const MOST_SAMPLES = 5

/** Opens an incident that no failure is behind: it is over when somebody has dealt with it, and not before. */
export async function reportIncident(tx: Queryable, reported: Reported): Promise<number> {
  const { key, server, backend, error, objects, by } = reported
  const [row] = await tx.query<{ id: number }>(REPORT, [
    createHash('sha256').update(key).digest('hex'),
    server,
    backend,
    REPORTED,
    error,
    objects.length,
    JSON.stringify(objects.slice(0, MOST_SAMPLES)),
  ])
  const id = row?.id ?? 0
  await step(tx, id, 'opened', new Date(), by)
  return id
}

const REPORT = `
insert into orchestra.incident (key, server_id, backend, outcome, error, objects, most, told, samples, opened_at, seen_at)
values ($1, (select id from orchestra.server where name = $2 and removed_at is null), $3, $4, $5, $6, $6, $6, $7, now(), now())
returning id`
