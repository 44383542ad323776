import { isOurs, type Script, sh, text } from 'orchestrajs'
import { client } from './client.ts'
import { type CheckedDatabase, type CheckedUser, hashOf, privileges } from './database.ts'
import { account, grantPattern, grantPatternText, identifier, isOne, query, string } from './sql.ts'

/** A user that is there already has a password of its own, and rights that others gave it. */
export function ownUsers(script: Script, { users }: CheckedDatabase): void {
  for (const { name, host } of users)
    script.own(`user ${account({ name, host })}`, {
      exists: isOne(`select 1 from mysql.user where user = ${string(name)} and host = ${string(host)}`),
    })
}

/** The accounts of a database and what they may do with it. Others lose what they may do with it. */
export function setUsers(script: Script, { name, users }: CheckedDatabase): void {
  for (const user of users) {
    setAccount(script, user)
    setPrivileges(script, name, user)
  }
  revokeOthers(script, name, users)
}

/** The hash goes in on stdin and is compared by the shell itself: it is in no argument list. */
function setAccount(script: Script, user: CheckedUser): void {
  const hash = hashOf(user)
  const is = `select authentication_string from mysql.user where user = ${string(user.name)} and host = ${string(user.host)} and plugin = 'mysql_native_password'`
  script.run(client, {
    input: text`create user if not exists ${account(user)} identified by password '${hash}';
alter user ${account(user)} identified by password '${hash}';\n`,
    unless: sh`[[ $(${query(is)}) == ${hash} ]]`,
  })
}

function setPrivileges(script: Script, database: string, user: CheckedUser): void {
  const on = `${identifier(grantPattern(database))}.*`
  const wanted = [...new Set(user.privileges)].sort()
  const isAll = wanted.includes('ALL PRIVILEGES')
  const who = account(user)
  const grantee = `concat(${[`''''`, string(user.name), `'''@'''`, string(user.host), `''''`].join(', ')})`
  const has = `select group_concat(distinct privilege_type order by privilege_type separator ', ') from information_schema.schema_privileges
  where grantee = ${grantee} and table_schema = ${grantPatternText(database)}`
  const others = privileges.filter((one) => one !== 'ALL PRIVILEGES' && !user.privileges.includes(one))
  const revoke = isAll || others.length === 0 ? '' : `; revoke ${others.join(', ')} on ${on} from ${who}`
  const grantAll = `GRANT ALL PRIVILEGES ON ${on} TO`
  script.run(query(`grant ${isAll ? 'all privileges' : wanted.join(', ')} on ${on} to ${who}${revoke}`), {
    unless: isAll
      ? sh`[[ $(${query(`show grants for ${who}`)}) == *${grantAll}* ]]`
      : sh`[[ $(${query(has)}) == ${wanted.join(', ')} ]]`,
  })
}

/** Grants on exactly this database. Of accounts that rows made, who is left with nothing at all goes too; others stay. */
export function revokeOthers(script: Script, database: string, users: readonly CheckedUser[]): void {
  const kept = users.map((user) => `(${string(user.name)}, ${string(user.host)})`)
  const others = `db = ${grantPatternText(database)}${kept.length === 0 ? '' : ` and (user, host) not in (${kept.join(', ')})`}`
  const on = `concat(char(96), replace(db, char(96), concat(char(96), char(96))), char(96), '.*')`
  const revoke = `select concat('revoke all privileges on ', ${on}, ' from ', quote(user), '@', quote(host), ';') from mysql.db where ${others}`
  script.run(
    sh`gone=$(${query(`select concat(quote(user), '@', quote(host)) from mysql.db where ${others}`)})
${query(revoke)} | ${client}
while IFS= read -r user; do
  grants=$(${client} --execute "show grants for $user")
  if [[ $grants == 'GRANT USAGE ON *.* TO '* && $grants != *$'\n'* ]] && ${isOurs(sh`"user $user"`)}; then ${client} --execute "drop user $user"; fi
done <<<"$gone"`,
    { onlyIf: isOne(`select count(*) > 0 from mysql.db where ${others}`) },
  )
}
