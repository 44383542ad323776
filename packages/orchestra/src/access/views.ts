import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'

/** Whose a view is: the same whatever he comes by. */
export interface ViewOwner {
  key: string
  accountId: number | null
  name: string
  /** He may show views to everybody, and change those of others that are shown. */
  shares: boolean
}

/** What somebody looks at again and again. */
export interface SavedView {
  /** One per name and owner. */
  name: string
  /** A list or a page of a console, such as `logs`. */
  page: string
  /** What it is narrowed by. */
  q: string
  sort: string | null
  /** Everybody sees it. */
  shared: boolean
}

export interface ViewView extends SavedView {
  id: number
  owner: string
  /** Whoever asks saved it. */
  own: boolean
  /** ISO 8601. */
  changedAt: string
}

/** Of one owner. */
export const MOST_VIEWS = 200

const COLUMNS = `v.id, v.name, v.page, v.query as q, v.sort, v.shared, v.owner, v.owner_key = $1 as own, ${isoTime('v.changed_at')} as "changedAt"`

/** One's own and those that are shown to everybody, by page and name. */
export function listViews(
  db: Queryable,
  owner: Pick<ViewOwner, 'key'>,
  { page }: { page?: string | undefined },
): Promise<ViewView[]> {
  return db.query<ViewView>(
    `select ${COLUMNS} from orchestra.view v where (v.owner_key = $1 or v.shared) and ($2::text is null or v.page = $2)
     order by v.page, v.name, v.id`,
    [owner.key, page ?? null],
  )
}

/**
 * Saves a view, over one's own of that name.
 * @throws OrchestraError ORC_FORBIDDEN, ORC_VIEW_LIMIT
 */
export async function saveView(store: Store, owner: ViewOwner, view: SavedView): Promise<ViewView> {
  if (view.shared) assertShares(owner)
  return store.transaction(async (tx) => {
    await lockViews(tx)
    const [saved] = await tx.query<ViewView>(SAVE, [
      owner.key,
      owner.accountId,
      owner.name,
      view.name,
      view.page,
      view.q,
      view.sort,
      view.shared,
      MOST_VIEWS,
    ])
    if (saved === undefined) throw tooMany()
    await audit(tx, entry(owner, 'view.save', view.name, { id: saved.id, shared: view.shared }))
    return saved
  })
}

const SAVE = `
insert into orchestra.view as v (owner_key, account_id, owner, name, page, query, sort, shared)
select $1, $2, $3, $4, $5, $6, $7, $8
where exists (select from orchestra.view where owner_key = $1 and name = $4)
  or (select count(*) from orchestra.view where owner_key = $1) < $9
on conflict (owner_key, name) do update set page = excluded.page, query = excluded.query, sort = excluded.sort,
  shared = excluded.shared, owner = excluded.owner, changed_at = now()
returning ${COLUMNS}`

/**
 * Changes what is given of a view.
 * @param check refuses a query that its page would refuse
 * @throws OrchestraError ORC_VIEW_UNKNOWN, ORC_VIEW_EXISTS, ORC_FORBIDDEN
 */
export async function setView(
  store: Store,
  owner: ViewOwner,
  id: number,
  change: Partial<SavedView>,
  check: (page: string, query: string) => void,
): Promise<ViewView> {
  return store.transaction(async (tx) => {
    await lockViews(tx)
    const before = await lockView(tx, owner, id)
    const view = { ...before, ...change }
    if (view.shared) assertShares(owner)
    // Neither may have been changed alone.
    check(view.page, view.q)
    const [set] = await tx.query<ViewView>(
      `update orchestra.view v set name = $3, page = $4, query = $5, sort = $6, shared = $7, changed_at = now()
       where id = $2 and not exists (
         select from orchestra.view o where o.owner_key = v.owner_key and o.name = $3 and o.id <> v.id)
       returning ${COLUMNS}`,
      [owner.key, id, view.name, view.page, view.q, view.sort, view.shared],
    )
    if (set === undefined)
      throw new OrchestraError('ORC_VIEW_EXISTS', `A view ${JSON.stringify(view.name)} is there already`)
    await audit(tx, entry(owner, 'view.set', `view ${id}`, { name: view.name, shared: view.shared }))
    return set
  })
}

/** @throws OrchestraError ORC_VIEW_UNKNOWN, ORC_FORBIDDEN */
export async function removeView(store: Store, owner: ViewOwner, id: number): Promise<ViewView> {
  return store.transaction(async (tx) => {
    const view = await lockView(tx, owner, id)
    await tx.query('delete from orchestra.view where id = $1', [id])
    await audit(tx, entry(owner, 'view.remove', `view ${id}`, { name: view.name, shared: view.shared }))
    return view
  })
}

/** People save seldom: one after the other, so that two at once neither see room for the last nor take one name. */
async function lockViews(tx: Queryable): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('orchestra views', 0))`)
}

/** One that whoever asks may change: what is not shown to him is not there. */
async function lockView(tx: Queryable, owner: ViewOwner, id: number): Promise<ViewView> {
  const [view] = await tx.query<ViewView>(
    `select ${COLUMNS} from orchestra.view v where v.id = $2 and (v.owner_key = $1 or v.shared) for update`,
    [owner.key, id],
  )
  if (view === undefined)
    throw new OrchestraError('ORC_VIEW_UNKNOWN', `There is no view ${id}`, {
      hint: 'See `orchestra view list`',
    })
  if (!view.own) assertShares(owner)
  return view
}

function assertShares({ shares }: ViewOwner): void {
  if (shares) return
  throw new OrchestraError('ORC_FORBIDDEN', 'To show a view to everybody needs the permission view.share', {
    hint: 'Save it for yourself, or ask somebody who may',
  })
}

function tooMany(): OrchestraError {
  return new OrchestraError(
    'ORC_VIEW_LIMIT',
    `You have ${MOST_VIEWS} views, which is as many as anybody has`,
    {
      hint: 'Remove some: `orchestra view remove`',
    },
  )
}

function entry({ name: by }: ViewOwner, action: string, target: string, detail: Record<string, unknown>) {
  return { by, action, target, detail }
}
