import { hash } from 'node:crypto'
import pg from 'pg'
import type { IdRange } from '../source/index.ts'
import { often, type Queryable, TURNS } from '../store/index.ts'

/** Seconds for which a ticket is its owner's without a word of it. */
export const TICKET_SECONDS = 10

/** What a ticket is for. */
export interface Subject {
  /** Names of objects; null for all there are. */
  names: readonly string[] | null
  models: readonly string[]
  /** Changes that are decided by it. */
  changeIds?: readonly number[]
}

export interface Ticket {
  readonly id: number
}

/** A place in the queue: what is asked for again until it is `taken`. */
export type Queued =
  | { kind: 'taken'; ticket: Ticket }
  /** Older tickets have some of it. */
  | { kind: 'waits'; ticket: Ticket }
  /** Another has a ticket of this name. */
  | { kind: 'elsewhere' }

/**
 * The tickets of one process. While somebody loads and routes, nothing is locked and no transaction is open: a ticket says so instead,
 * and is only good for what is written while it is there. Whoever gives no sign for too long loses it to whoever wants the same.
 */
export class Tickets {
  readonly #owner: string
  readonly #own = new Set<number>()

  constructor(owner: string) {
    this.#owner = owner
  }

  /** Takes a ticket, unless another has one for any of this, or stands in line for it. */
  async take(db: Queryable, subject: Subject): Promise<Ticket | undefined> {
    const [row] = await db.query<{ id: number }>(takeSql(this.#owner, subject))
    return row === undefined ? undefined : this.#keep(row.id)
  }

  /**
   * Stands in line for a ticket under a name, or takes it when nobody is before it. Nobody overtakes it, so that it comes to it
   * however often others want the same.
   */
  async queue(db: Queryable, name: string, subject: Subject): Promise<Queued> {
    const [row] = await db.query<{ id: number; waits: boolean }>(queueSql(this.#owner, name, subject))
    if (row === undefined) return { kind: 'elsewhere' }
    return { kind: row.waits ? 'waits' : 'taken', ticket: this.#keep(row.id) }
  }

  /** Gives a ticket up. One by which something may still be written ends by itself. */
  async release(db: Queryable, { id }: Ticket): Promise<void> {
    this.#own.delete(id)
    await db.query(
      `delete from orchestra.ticket
       where id in (select id from orchestra.ticket where id = $1 for update skip locked)`,
      [id],
    )
  }

  /** Forgets a ticket that was spent in a transaction which is over. */
  spent({ id }: Ticket): void {
    this.#own.delete(id)
  }

  /** Keeps what this process has. Who writes by a ticket just now has it locked, and needs nothing. */
  async renew(db: Queryable): Promise<void> {
    if (this.#own.size === 0) return
    await db.query(RENEW, [[...this.#own]])
  }

  #keep(id: number): Ticket {
    this.#own.add(id)
    return { id }
  }
}

const RENEW = `
update orchestra.ticket set expires_at = clock_timestamp() + interval '${TICKET_SECONDS} seconds'
where id in (select id from orchestra.ticket where id = any($1::bigint[]) for update skip locked)`

/**
 * Spends a ticket: what the transaction writes is good, because nobody can have decided any of it meanwhile. False when it was lost.
 * To be called first, so that nobody takes it away any more.
 */
export async function spend(tx: Queryable, { id }: Ticket): Promise<boolean> {
  const rows = await tx.query(often('delete from orchestra.ticket where id = $1 returning id'), [id])
  return rows.length > 0
}

/** What is being decided at one moment. */
export interface InHand {
  /** Nobody has anything. */
  isNothing: boolean
  changes: readonly IdRange[]
  /** Whether somebody has a ticket for what has this name. */
  isHeld(name: string): boolean
}

export const nothingInHand: InHand = { isNothing: true, changes: [], isHeld: () => false }

/** Whether others decide something just now. */
export async function hasCompany(db: Queryable, { id }: Ticket): Promise<boolean> {
  const rows = await db.query(
    `select from orchestra.ticket where owner is distinct from (select owner from orchestra.ticket where id = $1) limit 1`,
    [id],
  )
  return rows.length > 0
}

/**
 * In one statement: a change that is not read because somebody has it must keep back those of its objects that are, even if that one
 * has lost it by then.
 * @param which those that have ended are still in hand while somebody writes by them, which shows when one is taken
 */
export async function inHand(db: Queryable, which: 'all' | 'unexpired' = 'all'): Promise<InHand> {
  const [row] = await db.query<{ changes: IdRange[]; held: string | null; isAll: boolean | null }>(
    `with ticket as materialized (
       select changes, objects from orchestra.ticket where $1 or expires_at >= clock_timestamp()
     )
     select (select coalesce(jsonb_agg(jsonb_build_object('first', lower(one), 'last', upper(one) - 1)), '[]')
         from ticket, unnest(changes) as one) as changes,
       (select string_agg(one::text, ',') from ticket, unnest(objects) as one) as held,
       (select bool_or(objects is null) from ticket) as "isAll"`,
    [which === 'all'],
  )
  if (row === undefined) return nothingInHand
  const held = new Set(row.held?.split(','))
  const isNothing = row.isAll === null
  return { isNothing, changes: row.changes, isHeld: (name) => row.isAll === true || held.has(hashOf(name)) }
}

/** Whoever decides about these models just now has to look once more: what it has read is not enough. */
export async function revoke(tx: Queryable, models: readonly string[]): Promise<void> {
  await tx.query('delete from orchestra.ticket where models && $1::text[]', [models])
}

/**
 * One text without values, which the database works off whatever becomes of who sent it: the lock is never held while somebody has to
 * say what comes next. Each statement sees what those before it waited for.
 */
function takeSql(owner: string, subject: Subject): string {
  return `${FIRST}
    insert into orchestra.ticket (owner, objects, models, changes, expires_at)
    select ${valuesOf(owner, subject)}
    where not exists (select from orchestra.ticket t where ${overlaps(subject)})
    returning id`
}

function queueSql(owner: string, name: string, subject: Subject): string {
  return `${FIRST}
    insert into orchestra.ticket as t (owner, objects, models, changes, expires_at, name)
    select ${valuesOf(owner, subject)}, ${pg.escapeLiteral(name)}
    on conflict (name) do update set objects = excluded.objects, models = excluded.models, expires_at = excluded.expires_at
      where t.owner = excluded.owner;
    select own.id, exists (select from orchestra.ticket t where t.id < own.id and ${overlaps(subject)}) as waits
    from orchestra.ticket own where own.name = ${pg.escapeLiteral(name)} and own.owner = ${pg.escapeLiteral(owner)}`
}

/** Who gave no sign for too long has none any more; who writes by it just now still does. */
const FIRST = `
  select pg_advisory_xact_lock(${TURNS.tickets});
  delete from orchestra.ticket where id in (
    select id from orchestra.ticket where expires_at < clock_timestamp() for update skip locked);`

function valuesOf(owner: string, { names, models, changeIds = [] }: Subject): string {
  return `${pg.escapeLiteral(owner)}, ${hashesOf(names)}, ${textsOf(models)},
    (select coalesce(range_agg(int8range(one, one, '[]')), '{}') from unnest('{${changeIds.join(',')}}'::bigint[]) as one),
    clock_timestamp() + interval '${TICKET_SECONDS} seconds'`
}

/** A ticket `t` is for something of this. */
function overlaps({ names }: Subject): string {
  if (names === null) return 'true'
  return `(t.objects is null or exists (
    select from unnest(t.objects) as one where one in (select unnest(${hashesOf(names)}))))`
}

function hashesOf(names: Subject['names']): string {
  return names === null ? 'null::bigint[]' : `'{${names.map(hashOf).join(',')}}'::bigint[]`
}

/** Two names with one hash only wait for each other. */
function hashOf(name: string): string {
  return String(hash('sha256', name, 'buffer').readBigInt64BE())
}

function textsOf(texts: readonly string[]): string {
  return `array[${texts.map((one) => pg.escapeLiteral(one)).join(', ')}]::text[]`
}
