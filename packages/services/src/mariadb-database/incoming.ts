import { type Command, type Script, sh } from 'orchestrajs'
import { client, loadAs } from './client.ts'
import { type CheckedDatabase, defaultsOf, incomingName } from './database.ts'
import { dumpOf, giveDefiners, withoutDefiners } from './dump.ts'
import { markOf, moveDatabase } from './move.ts'
import { account, databaseExists, grantPattern, identifier, isOne, query, string } from './sql.ts'

/**
 * What comes from another server is SQL that somebody else may have written. It is read by a client that runs no commands, as an
 * account that may do everything in the one database and nothing beside it, and that nobody can log in as later.
 */
const loader = (database: string) => ({ name: incomingName(database), host: 'localhost' })

/** What that account owns has its rights, which no other account could have given away. */
export function sendDatabase(database: string): Command {
  return sh`${dumpOf(database)} | ${withoutDefiners}`
}

/** The password is of this run alone, and reaches the server and the client by no argument list. */
export function restoreIncoming(database: CheckedDatabase): Command {
  const incoming = incomingName(database.name)
  const who = account(loader(database.name))
  return sh`${query(`drop database if exists ${identifier(incoming)}; drop user if exists ${who}; create database ${identifier(incoming)} ${defaultsOf(database)}`)}
read -r password < <(od -An -vtx1 -N24 -w24 /dev/urandom)
password=Aa-\${password// /}
printf "create user %s identified by '%s'; grant all privileges on %s.* to %s" ${who} "$password" ${identifier(grantPattern(incoming))} ${who} | ${client}
${loadAs(loader(database.name).name, incoming, 'password')}
${query(`alter user ${who} account lock`)}`
}

/** The views, triggers, routines and events belong to the database's own account from then on. */
export function switchIncoming(database: CheckedDatabase): Command {
  const incoming = incomingName(database.name)
  const { name, host } = loader(database.name)
  const owner = ownerOf(database)
  const dump = sh`${dumpOf(incoming)} | ${giveDefiners(`${identifier(name)}@${identifier(host)}`, `${identifier(owner.name)}@${identifier(owner.host)}`)}`
  return sh`if ${databaseExists(incoming)}; then
${moveDatabase(incoming, database.name, defaultsOf(database), dump)}
fi
${query(`drop user if exists ${account(loader(database.name))}`)}`
}

/** The first account that may do everything there; without any, one that does not exist, so that nothing runs by it. */
function ownerOf({ name, users }: CheckedDatabase): { name: string; host: string } {
  return (
    users.find(({ privileges }) => privileges.includes('ALL PRIVILEGES')) ??
    users[0] ?? { name, host: 'localhost' }
  )
}

/** Of a move that was given up: the data is still where it came from. */
export function forgetIncoming(script: Script, database: string): void {
  const incoming = incomingName(database)
  const who = loader(database)
  script.run(query(`drop database ${identifier(incoming)}`), { onlyIf: databaseExists(incoming) })
  script.run(query(`drop user ${account(who)}`), { onlyIf: userExists(who) })
  script.absent(markOf(database))
}

function userExists({ name, host }: { name: string; host: string }): Command {
  return isOne(`select 1 from mysql.user where user = ${string(name)} and host = ${string(host)}`)
}
