import { createHash } from 'node:crypto'
import type { Queryable } from '../store/index.ts'
import type { Clock } from './actor.ts'
import { Limited } from './limited.ts'
import { siteOf } from './networks.ts'

/** Within which attempts are counted, in milliseconds. */
export const ATTEMPT_WINDOW = 15 * 60_000
/** Many people may share one address; of one person, more than these are no slips. */
export const MOST_BY_ADDRESS = 50
export const MOST_BY_NAME = 10

/** Old rows that one attempt takes along at most. */
const SWEPT = 100

/** Who tries to come in. */
export interface Trying {
  name: string
  address: string
}

/**
 * Counts an attempt before it is looked at, so that none of many at once is free. What is refused for its address does not count
 * against the name: else one address would keep everybody out.
 * @throws OrchestraError ORC_LOGIN_LIMITED
 */
export async function countAttempt(db: Queryable, trying: Trying, clock: Clock): Promise<void> {
  await sweep(db, clock)
  await count(db, ofAddress(trying), MOST_BY_ADDRESS, clock)
  await count(db, ofName(trying), MOST_BY_NAME, clock)
}

/** The same where there is no name, as with a link. */
export async function countStranger(db: Queryable, address: string, clock: Clock): Promise<void> {
  await sweep(db, clock)
  await count(db, ofAddress({ address }), MOST_BY_ADDRESS, clock)
}

/** Who came in was no stranger. */
export async function forgetAttempts(db: Queryable, trying: Trying): Promise<void> {
  await db.query('delete from orchestra.login_attempt where subject = $1', [ofName(trying)])
  await db.query('update orchestra.login_attempt set count = count - 1 where subject = $1 and count > 0', [
    ofAddress(trying),
  ])
}

const ofName = ({ name }: Pick<Trying, 'name'>) => subject('name', name)
const ofAddress = ({ address }: Pick<Trying, 'address'>) => subject('address', siteOf(address))

/** Of a fixed size, whatever somebody sends as a name. */
function subject(kind: string, text: string): Buffer {
  return createHash('sha256').update(`${kind}\n${text}`).digest()
}

async function count(db: Queryable, who: Buffer, most: number, clock: Clock): Promise<void> {
  const now = clock()
  const [row] = await db.query<{ count: number; since: Date }>(COUNT, [who, now, ended(now)])
  if (row === undefined || row.count <= most) return
  const seconds = Math.ceil((row.since.getTime() + ATTEMPT_WINDOW - now.getTime()) / 1_000)
  throw new Limited('ORC_LOGIN_LIMITED', 'Too many attempts to log in', {
    seconds,
    hint: `Wait ${seconds} seconds, or let somebody with a terminal make a link: orchestra user link NAME`,
  })
}

const COUNT = `
insert into orchestra.login_attempt as known (subject, count, since) values ($1, 1, $2)
on conflict (subject) do update set
  count = case when known.since <= $3 then 1 else known.count + 1 end,
  since = case when known.since <= $3 then $2 else known.since end
returning count, since`

async function sweep(db: Queryable, clock: Clock): Promise<void> {
  await db.query(
    `delete from orchestra.login_attempt where subject in
       (select subject from orchestra.login_attempt where since <= $1 limit ${SWEPT} for update skip locked)`,
    [ended(clock())],
  )
}

function ended(now: Date): Date {
  return new Date(now.getTime() - ATTEMPT_WINDOW)
}
