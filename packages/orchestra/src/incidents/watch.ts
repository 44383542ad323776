import { type Queryable, type Store, TURNS } from '../store/index.ts'
import { type Decision, decide, type Known, type StepKind } from './decide.ts'
import { readSymptoms } from './read-symptoms.ts'
import { REPORTED } from './reported.ts'
import type { Symptom } from './symptom.ts'

/** Notes what went wrong and what recovered since the last time. Of several processes one does it. */
export function watchIncidents(store: Store, at = new Date()): Promise<void> {
  return store.transaction(async (tx) => {
    const [turn] = await tx.query<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [
      TURNS.incidents,
    ])
    if (turn?.taken !== true) return
    const found = await readSymptoms(tx)
    const known = await tx.query<Known>(KNOWN, [found.symptoms.map(({ key }) => key)])
    for (const decision of decide(known, found, at)) await note(tx, decision, at)
  })
}

const KNOWN = `
select id, key, server_id as "serverId", backend, state, told, opened_at as "openedAt", absent_at as "absentAt",
  ended_at as "endedAt", lasted, recoveries, is_lasting as "isLasting"
from orchestra.incident where (state = 'open' or key = any($1::text[])) and outcome <> '${REPORTED}' for update`

async function note(tx: Queryable, decision: Decision, at: Date): Promise<void> {
  switch (decision.do) {
    case 'open': {
      const { key, serverId, backend, outcome, ...rest } = decision.symptom
      const [row] = await tx.query<{ id: number }>(OPEN, [
        key,
        serverId,
        backend,
        outcome,
        ...seenOf(rest),
        at,
      ])
      return step(tx, row?.id ?? 0, 'opened', at)
    }
    case 'reopen':
      await tx.query(REOPEN, [decision.id, ...seenOf(decision.symptom), at])
      return step(tx, decision.id, 'regressed', at)
    case 'see':
      await tx.query(SEE, [
        decision.id,
        ...seenOf(decision.symptom),
        at,
        decision.steps.includes('escalated'),
        decision.steps.includes('lasting'),
      ])
      for (const kind of decision.steps) await step(tx, decision.id, kind, at)
      return
    case 'miss':
      await tx.query('update orchestra.incident set absent_at = coalesce(absent_at, $2) where id = $1', [
        decision.id,
        at,
      ])
      return
    case 'recover':
      await tx.query(RECOVER, [decision.id, decision.seconds])
      return step(tx, decision.id, 'recovered', at)
  }
}

type Seen = Pick<Symptom, 'error' | 'objects' | 'samples' | 'logId'>

function seenOf({ error, objects, samples, logId }: Seen): unknown[] {
  return [error, objects, JSON.stringify(samples), logId]
}

/** Notes a step of an incident, with how many objects it is about by then, and whether somebody wants to hear of it. */
export async function step(
  tx: Queryable,
  id: number,
  kind: StepKind,
  at: Date,
  actor: string | null = null,
): Promise<void> {
  await tx.query(STEP, [id, kind, at, actor, untold.has(kind)])
}

/** What somebody tries is noted; what comes of it is told. */
const untold: ReadonlySet<StepKind> = new Set(['retried'])

const STEP = `
insert into orchestra.incident_step (incident_id, at, kind, objects, actor, muted, handed)
select id, $3, $2, objects, $4, coalesce(muted_until > $3, false), $5 from orchestra.incident where id = $1`

const OPEN = `
insert into orchestra.incident
  (key, server_id, backend, outcome, error, objects, most, told, samples, log_id, opened_at, seen_at)
values ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9, $9) returning id`

const REOPEN = `
update orchestra.incident set state = 'open', error = $2, objects = $3, most = greatest(most, $3), told = $3, samples = $4,
  log_id = $5, opened_at = $6, seen_at = $6, absent_at = null, ended_at = null, resolved_by = null, is_lasting = false,
  acknowledged_at = null, acknowledged_by = null, acknowledged_note = null,
  regressions = regressions + 1
where id = $1`

const SEE = `
update orchestra.incident set error = $2, objects = $3, most = greatest(most, $3), samples = $4, log_id = $5, seen_at = $6,
  absent_at = null, told = case when $7 then $3 else told end, is_lasting = is_lasting or $8
where id = $1`

const RECOVER = `
update orchestra.incident set state = 'recovered', ended_at = absent_at, lasted = lasted + $2, recoveries = recoveries + 1,
  objects = 0
where id = $1`
