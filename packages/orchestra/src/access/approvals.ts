import { createHash } from 'node:crypto'
import type { ApprovalOptions } from '../config/approvals.ts'
import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { planContent, type SavedPlan } from '../plan/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type Clock, clock as now } from './actor.ts'

/** Milliseconds that an approval is good for. */
export const APPROVAL_LASTS = 24 * 3_600_000

/** What somebody said of a plan. Times are ISO 8601. */
export interface ApprovalView {
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

const VIEW = `select plan, verdict, by, reason, ${isoTime('at')} as at, ${isoTime('expires_at')} as "expiresAt",
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
export function approvalReasons(
  { operations }: Pick<SavedPlan, 'operations'>,
  { deletes = Number.POSITIVE_INFINITY, servers = Number.POSITIVE_INFINITY }: ApprovalOptions,
): string[] {
  const removed = operations.filter(({ kind, action }) => kind === 'delete' && action !== 'keep').length
  const touched = new Set(operations.map(({ server }) => server)).size
  return [
    ...(removed > deletes ? [`it removes ${removed} objects, more than ${deletes}`] : []),
    ...(touched > servers ? [`it is about ${touched} servers, more than ${servers}`] : []),
  ]
}

/** Says yes or no to exactly this plan, for 24 hours. */
export async function sayOfPlan(
  store: Store,
  { plan, verdict, reason }: { plan: SavedPlan; verdict: ApprovalView['verdict']; reason: string | null },
  person: Person,
  clock: Clock = now,
): Promise<ApprovalView> {
  const at = clock()
  const values = [fingerprintOf(plan), verdict, person.name, person.accountId ?? null, reason]
  return store.transaction(async (tx) => {
    const [row] = await tx.query<{ id: number }>(
      `insert into orchestra.approval (plan, verdict, by, account_id, reason, at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7) returning id`,
      [...values, at, new Date(at.getTime() + APPROVAL_LASTS)],
    )
    const action = verdict === 'approved' ? 'plan.approve' : 'plan.reject'
    await audit(tx, { by: person.name, action, target: planName(plan), detail: { reason } })
    const [said] = await tx.query<ApprovalView>(`${VIEW} where id = $1`, [row?.id])
    return said as ApprovalView
  })
}

/** What was said last, the newest first. */
export function listApprovals(
  db: Queryable,
  { plan, limit = 50 }: { plan?: string | undefined; limit?: number } = {},
): Promise<ApprovalView[]> {
  return db.query<ApprovalView>(`${VIEW} where $1::text is null or plan = $1 order by id desc limit $2`, [
    plan ?? null,
    limit,
  ])
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

/** Ends the approvals of a plan that is not what is to be done any more: should it become that again, somebody looks again. */
export async function voidApprovals(db: Queryable, plan: SavedPlan, clock: Clock = now): Promise<void> {
  await db.query('update orchestra.approval set used_at = $2 where plan = $1 and used_at is null', [
    fingerprintOf(plan),
    clock(),
  ])
}

function isSame({ by, account }: Pick<Said, 'by' | 'account'>, { name, accountId }: Person): boolean {
  return by === name || (account !== null && account === accountId)
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
    { hint: 'Let somebody else look at it: orchestra plan approve FILE' },
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
