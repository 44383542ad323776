import { isOrchestraError } from '../errors.ts'
import { hasCode, type Queryable, type Store } from '../store/index.ts'
import { installing } from './install-lock.ts'

/**
 * Owns the trigger functions, and can do nothing but what they do: write down changes, and see whether a worker sleeps. Who owns a
 * watched table may find a way to have something run inside of them, and gains nothing by it.
 */
export const CAPTURE_ROLE = 'orchestra_capture'

interface Found {
  exists: boolean
  isSuperuser: boolean
  mayCreate: boolean
  isMember: boolean
  isGranted: boolean
  version: number
}

/**
 * Makes the role where the connection may make roles. Answers the owner that trigger functions are to have; undefined where they
 * stay with whoever installs them, who is then all the more careful about what runs in them.
 */
export async function prepareRole(store: Store, patience: number): Promise<string | undefined> {
  const found = await readRole(store)
  if (isReady(found)) return CAPTURE_ROLE
  if (!found.exists && !found.isSuperuser && !found.mayCreate) return undefined
  try {
    await installing(store, patience, async (tx) => {
      const now = await readRole(tx)
      if (!isReady(now)) await makeRole(tx, now)
    })
    return CAPTURE_ROLE
  } catch (error) {
    // Beside another database of the same server: roles are of both.
    if (hasCode(error, ['42710', '23505'])) return prepareRole(store, patience)
    if (isOrchestraError(error, 'ORC_CAPTURE_DENIED') || hasCode(error, [NO_ADMIN_OPTION])) return undefined
    throw error
  }
}

const NO_ADMIN_OPTION = '0LP01'

function isReady({ isGranted, isSuperuser, isMember }: Found): boolean {
  return isGranted && (isSuperuser || isMember)
}

/** Where the role is in use, gives it its rights on what was made anew, before anybody can write into that. */
export async function restoreGrants(tx: Queryable): Promise<void> {
  const [role] = await tx.query(
    `select from pg_roles where rolname = $1 and to_regclass('orchestra.asleep') is not null`,
    [CAPTURE_ROLE],
  )
  if (role !== undefined) await grantToRole(tx)
}

/** Gives a function to the role; who is no superuser can do so only while the role may create in the schema. */
export async function giveToRole(tx: Queryable, qualified: string): Promise<void> {
  await tx.query(`grant create on schema orchestra to ${CAPTURE_ROLE}`)
  await tx.query(`alter function ${qualified}() owner to ${CAPTURE_ROLE}`)
  await tx.query(`revoke create on schema orchestra from ${CAPTURE_ROLE}`)
}

async function readRole(db: Queryable): Promise<Found> {
  const [found] = await db.query<Found>(
    `select role.oid is not null as exists, me.rolsuper as "isSuperuser", me.rolcreaterole as "mayCreate",
       role.oid is not null and pg_has_role(role.oid, 'usage') as "isMember",
       role.oid is not null
         and has_schema_privilege(role.oid, 'orchestra', 'usage')
         and has_table_privilege(role.oid, 'orchestra.change', 'insert')
         and has_sequence_privilege(role.oid, 'orchestra.asleep', 'select') as "isGranted",
       current_setting('server_version_num')::int as version
     from pg_roles me left join pg_roles role on role.rolname = $1 where me.rolname = current_user`,
    [CAPTURE_ROLE],
  )
  return found as Found
}

async function makeRole(tx: Queryable, { exists, isSuperuser, isMember, version }: Found): Promise<void> {
  if (!exists) await tx.query(`create role ${CAPTURE_ROLE} nologin`)
  if (!isSuperuser && !(exists && isMember)) {
    await tx.query(grantMembership('current_user', version))
  }
  await grantToRole(tx)
}

/** @param member a role, quoted; since Postgres 16 who makes a role may grant it, and is not its member */
export function grantMembership(member: string, version: number): string {
  return `grant ${CAPTURE_ROLE} to ${member}${version >= 160_000 ? ' with inherit true, set true' : ''}`
}

async function grantToRole(tx: Queryable): Promise<void> {
  await tx.query(`grant usage on schema orchestra to ${CAPTURE_ROLE}`)
  // Of the whole table: a right for each column is looked up for each at every statement.
  await tx.query(`grant insert on orchestra.change to ${CAPTURE_ROLE}`)
  await tx.query(`grant select on sequence orchestra.asleep to ${CAPTURE_ROLE}`)
}
