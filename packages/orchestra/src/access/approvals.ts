import { createHash } from 'node:crypto'
import type { ApprovalOptions } from '../config/approvals.ts'
import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import {
  endPlansOf,
  lockOpenPlan,
  type Moved,
  planContent,
  type SavedPlan,
  type Weight,
  weightOf,
} from '../plan/index.ts'
import { type Condition, queryWith } from '../query/index.ts'
import { audit } from '../server/index.ts'
import type { Narrowing, Queryable, Store } from '../store/index.ts'
import { type Clock, clock as now } from './actor.ts'

/** Milliseconds that an approval is good for. */
export const APPROVAL_LASTS = 24 * 3_600_000

/** What somebody said of a plan. Times are ISO 8601. */
export interface ApprovalView {
  id: number
  /** The fingerprint of the plan. */
  plan: string
  verdict: 'approved' | 'rejected'
  by: string
  reason: string | null
  at: string
  expiresAt: string
  /** When the plan was done by it, or found to be of yesterday. */
  usedAt: string | null
}

/** Who says so: a user in person, or somebody at the machine. */
export interface Person {
  name: string
  accountId?: number | null | undefined
}

const VIEW = `select id, plan, verdict, by, reason, ${isoTime('at')} as at, ${isoTime('expires_at')} as "expiresAt",
  ${isoTime('used_at')} as "usedAt" from orchestra.approval`

/** What tells one plan from every other: all that it would do, and how it was asked for. */
export function fingerprintOf(plan: SavedPlan): string {
  return createHash('sha256').update(planContent(plan)).digest('hex')
}

/** As the audit names a plan. */
export function planName(plan: SavedPlan): string {
  return `plan ${fingerprintOf(plan).slice(0, 12)}`
}

/** Why another person has to approve a plan; nothing where nobody has to. */
export function approvalReasons(plan: Pick<SavedPlan, 'operations'>, rules: ApprovalOptions): string[] {
  return reasonsFor(weightOf(plan), rules)
}

/** The same of a plan that is known by how much it does. */
export function reasonsFor(
  { removes, servers: touched }: Weight,
  { deletes = Number.POSITIVE_INFINITY, servers = Number.POSITIVE_INFINITY }: ApprovalOptions,
): string[] {
  return [
    ...(removes > deletes ? [`it removes ${removes} objects, more than ${deletes}`] : []),
    ...(touched > servers ? [`it is about ${touched} servers, more than ${servers}`] : []),
  ]
}

interface Saying {
  plan: SavedPlan
  verdict: ApprovalView['verdict']
  reason: string | null
  /** The number that it is kept under: of what has ended nothing is to be said. */
  kept?: number | undefined
}

/**
 * Says yes or no to exactly this plan, for 24 hours.
 * @throws OrchestraError ORC_PLAN_UNKNOWN, ORC_PLAN_ENDED
 */
export async function sayOfPlan(
  store: Store,
  { plan, verdict, reason, kept }: Saying,
  person: Person,
  clock: Clock = now,
): Promise<ApprovalView> {
  const at = clock()
  const values = [fingerprintOf(plan), verdict, person.name, person.accountId ?? null, reason]
  return store.transaction(async (tx) => {
    if (kept !== undefined) await lockOpenPlan(tx, kept)
    const [row] = await tx.query<{ id: number }>(
      `insert into orchestra.approval (plan, verdict, by, account_id, reason, at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7) returning id`,
      [...values, at, new Date(at.getTime() + APPROVAL_LASTS)],
    )
    const action = verdict === 'approved' ? 'plan.approve' : 'plan.reject'
    await audit(tx, { by: person.name, action, target: planName(plan), detail: { reason } })
    if (verdict === 'rejected')
      await endPlansOf(tx, fingerprintOf(plan), { state: 'rejected', by: person.name, reason })
    const [said] = await tx.query<ApprovalView>(`${VIEW} where id = $1`, [row?.id])
    return said as ApprovalView
  })
}

export interface ApprovalSearch {
  /** The fingerprint of one plan. */
  plan?: string | undefined
  /** Older than this one. */
  before?: number | undefined
  limit?: number
  /** Of plans that somebody may see, and what he said himself; left out for all. */
  seen?: { rows: Narrowing; accountId: number | null } | undefined
}

/** What was said last, the newest first. */
export function listApprovals(
  db: Queryable,
  { plan, before, limit = 50, seen }: ApprovalSearch = {},
): Promise<ApprovalView[]> {
  const isOf: Condition[] = plan === undefined ? [] : [(parameter) => `plan = ${parameter(plan)}`]
  const isBefore: Condition[] = before === undefined ? [] : [(parameter) => `id < ${parameter(before)}`]
  const isSeen: Condition[] = seen === undefined ? [] : [saidOf(seen)]
  return queryWith<ApprovalView>(
    db,
    (parameter, all) =>
      `${VIEW} where ${all([...isOf, ...isBefore, ...isSeen])} order by id desc limit ${parameter(limit)}`,
  )
}

function saidOf({ rows, accountId }: NonNullable<ApprovalSearch['seen']>): Condition {
  return (parameter) =>
    `(account_id = ${parameter(accountId)} or exists (
      select from orchestra.plan kept where kept.fingerprint = approval.plan and ${rows('plan', 'kept', parameter)}))`
}

/** SQL for an approval that is good now: neither used nor expired, and nobody said no since. */
const IS_GOOD = `said.verdict = 'approved' and said.used_at is null and said.expires_at > now() and not exists (
  select from orchestra.approval later where later.plan = said.plan and later.id > said.id and later.verdict = 'rejected')`

/** An approval by which another person than who gave it may do a plan. */
export interface Standing {
  by: string
  at: string
  expiresAt: string
}

/** The last good approval of each of some plans. */
export async function standingApprovals(
  db: Queryable,
  fingerprints: readonly string[],
): Promise<Map<string, Standing>> {
  const rows = await db.query<{ plan: string } & Standing>(
    `select distinct on (said.plan) said.plan, said.by, ${isoTime('said.at')} as at,
       ${isoTime('said.expires_at')} as "expiresAt"
     from orchestra.approval said where said.plan = any($1::text[]) and ${IS_GOOD} order by said.plan, said.id desc`,
    [fingerprints],
  )
  return new Map(rows.map(({ plan, ...standing }) => [plan, standing]))
}

/** Plans that are open, need another person's approval, and have none that is good: as a condition for lists of plans. */
export function waitsForApproval({ deletes, servers }: ApprovalOptions): Condition {
  return (parameter) => `plan.state = 'open'
    and (plan.removes > ${parameter(deletes ?? null)}::integer or plan.servers > ${parameter(servers ?? null)}::integer)
    and not exists (select from orchestra.approval said where said.plan = plan.fingerprint and ${IS_GOOD})`
}

interface Said {
  id: number
  verdict: ApprovalView['verdict']
  by: string
  account: number | null
  expired: boolean
  used: boolean
}

/**
 * Takes the approval that a plan needs, in the transaction that does what it says: it is good once.
 * @throws OrchestraError ORC_APPROVAL_NEEDED
 */
export async function takeApproval(
  tx: Queryable,
  plan: SavedPlan,
  rules: ApprovalOptions,
  person: Person,
  clock: Clock = now,
): Promise<void> {
  const reasons = approvalReasons(plan, rules)
  if (reasons.length === 0) return
  const said = await tx.query<Said>(
    `select id, verdict, by, account_id as account, expires_at <= $2 as expired, used_at is not null as used
     from orchestra.approval where plan = $1 order by id desc for update`,
    [fingerprintOf(plan), clock()],
  )
  const rejected = said.findIndex(({ verdict }) => verdict === 'rejected')
  const since = rejected < 0 ? said : said.slice(0, rejected)
  const good = since.find((one) => !one.expired && !one.used && !isSame(one, person))
  if (good === undefined) throw approvalNeeded(reasons, since, said[rejected], person)
  await tx.query('update orchestra.approval set used_at = $2 where id = $1', [good.id, clock()])
}

/** Ends what is not to be done any more, and its approvals: should it become that again, somebody looks again. */
export async function voidPlan(
  store: Store,
  plan: SavedPlan,
  { by, moved }: { by: string; moved: readonly Moved[] },
  clock: Clock = now,
): Promise<void> {
  const fingerprint = fingerprintOf(plan)
  await store.transaction(async (tx) => {
    await endPlansOf(tx, fingerprint, { state: 'stale', by, moved })
    await tx.query('update orchestra.approval set used_at = $2 where plan = $1 and used_at is null', [
      fingerprint,
      clock(),
    ])
  })
}

/** Whom an application vouches for may be the user of that name: it is left to nobody to be two. */
function isSame({ by, account }: Pick<Said, 'by' | 'account'>, { name, accountId }: Person): boolean {
  return bareName(by) === bareName(name) || (account !== null && account === accountId)
}

function bareName(name: string): string {
  return name.replace(/^application:/, '')
}

function approvalNeeded(
  reasons: readonly string[],
  since: readonly Said[],
  rejection: Said | undefined,
  person: Person,
): OrchestraError {
  return new OrchestraError(
    'ORC_APPROVAL_NEEDED',
    `The plan needs another person's approval (${reasons.join('; ')}), and ${standing(since, rejection, person)}`,
    { hint: 'Let somebody else look at it: orchestra plan approve PLAN' },
  )
}

/** Why what was said so far does not do. */
function standing(since: readonly Said[], rejection: Said | undefined, person: Person): string {
  const others = since.filter((one) => !isSame(one, person))
  const [last] = others
  if (last !== undefined) return `the approval of ${last.by} ${last.used ? 'was used' : 'has expired'}`
  if (since.length > 0) return 'nobody but who asks has approved it'
  return rejection === undefined ? 'nobody has approved it' : `${rejection.by} rejected it`
}
