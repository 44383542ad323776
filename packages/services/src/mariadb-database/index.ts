import {
  type Backend,
  type Command,
  checkOptions,
  defineBackend,
  type NamesOf,
  type Script,
  sh,
} from 'orchestrajs'
import type { z } from 'zod'
import { parking } from '../parking.ts'
import { checked, type Mapping, policiesOf, type ServiceOptions, serviceNames } from '../service.ts'
import { client, load } from './client.ts'
import {
  type CheckedDatabase,
  databaseName,
  databaseSchema,
  defaultsOf,
  incomingName,
  incomingPrefix,
  type MariadbDatabase,
  systemSchemas,
} from './database.ts'
import { dumpDespiteViews } from './dump.ts'
import { forgetIncoming, restoreIncoming, sendDatabase, switchIncoming } from './incoming.ts'
import { markOf, moveDatabase, workDirectory } from './move.ts'
import { countAll, databaseExists, identifier, needServer, query, string } from './sql.ts'
import { ownUsers, revokeOthers, setUsers } from './users.ts'

export type { MariadbDatabase, MariadbUser, Privilege } from './database.ts'

export interface MariadbDatabaseOptions<Schema extends z.ZodType, Secrets extends string>
  extends ServiceOptions<Schema, Secrets> {
  database: Mapping<Schema, Secrets, MariadbDatabase>
  /** Where dumps of deleted databases go; default the trash of the file system that Orchestra's state is on. */
  trash?: string
}

const names: NamesOf<MariadbDatabaseOptions<z.ZodType, string>> = {
  ...serviceNames,
  database: true,
  trash: true,
}

/** Databases of MariaDB with their users and grants. A deleted one leaves a dump in the trash. */
export function mariadbDatabase<Schema extends z.ZodType, Secrets extends string>(
  options: MariadbDatabaseOptions<Schema, Secrets>,
): Backend {
  checkOptions('mariadbDatabase()', options, names)
  const databases = parking(options.database, (database, nameOf) => ({
    ...database,
    name: nameOf(database.name),
  }))
  const databaseOf = (object: Parameters<typeof options.database>[0]) =>
    checked('A database', databaseSchema, databases.of(object))
  const nameOf = (object: Parameters<typeof options.database>[0]) =>
    checked('The name of a database', databaseName, databases.of(object).name)
  return defineBackend({
    ...policiesOf(options),
    name: options.name ?? 'mariadb-database',
    model: options.model,
    after: options.after ?? [],
    identity: (object) => databases.of(object).name,
    save(script, object) {
      const database = databaseOf(object)
      ownUsers(script, database)
      createDatabase(script, database)
      setUsers(script, database)
    },
    rename: (script, object, previous) => renameDatabase(script, databaseOf(object), nameOf(previous)),
    park: databases.park,
    delete: (script, object) => remove(script, nameOf(object), options.trash),
    // Where `lower_case_table_names` is not 0, names in capitals are those in small letters, which the list has.
    exists: databaseExists,
    list: query(
      `select schema_name from information_schema.schemata where schema_name not in (${systemSchemas.map(string).join(', ')})
  and left(schema_name, ${incomingPrefix.length}) <> ${string(incomingPrefix)} order by schema_name`,
    ),
    read: (name) =>
      query(`select concat(table_name, ' ', table_type, ' ', coalesce(data_length, 0), ' bytes') from information_schema.tables
  where table_schema = ${string(name)} order by table_name;
select concat(privilege_type, ' for ', grantee) from information_schema.schema_privileges where table_schema = replace(${string(name)}, '_', concat(char(92), '_'))`),
    prune: (script, identity) =>
      remove(script, checked('The name of a database', databaseName, identity), options.trash),
    transfer: {
      dump: (object) => sendDatabase(nameOf(object)),
      restore: (object) => restoreIncoming(databaseOf(object)),
      verify: {
        original: (object) => digestDatabase(nameOf(object)),
        restored: (object) => digestDatabase(incomingName(nameOf(object))),
      },
      switch: (object) => switchIncoming(databaseOf(object)),
    },
  })
}

function createDatabase(script: Script, database: CheckedDatabase): void {
  const { name, charset, collation } = database
  const is = `select concat(default_character_set_name, ' ', default_collation_name) from information_schema.schemata where schema_name = ${string(name)}`
  const defaults = defaultsOf(database)
  script.run(
    query(
      `create database if not exists ${identifier(name)} ${defaults}; alter database ${identifier(name)} ${defaults}`,
    ),
    { unless: sh`[[ $(${query(is)}) == ${`${charset} ${collation}`} ]]` },
  )
}

/** Users get their grants on the new name by the save that follows; here they lose those on the old. */
function renameDatabase(script: Script, database: CheckedDatabase, old: string): void {
  if (database.name === old) return
  needServer(script)
  forgetIncoming(script, old)
  script.run(moveDatabase(old, database.name, defaultsOf(database)), { onlyIf: databaseExists(old) })
  // The move was over, and only its mark was left.
  script.absent(markOf(database.name))
  revokeOthers(script, old, [])
}

function remove(script: Script, name: string, trash: string | undefined): void {
  const dump = `${workDirectory}/${name}.sql`
  needServer(script)
  script.run(
    sh`umask 077
mkdir -p -- ${workDirectory}
{
${dumpDespiteViews(name)}
} >${dump}.new
mv -T -- ${dump}.new ${dump}`,
    { onlyIf: databaseExists(name) },
  )
  script.trash(dump, {
    ...(trash !== undefined && { directory: trash }),
    note: `database ${name}`,
    restore: loadDump(name, dump),
  })
  script.run(query(`drop database ${identifier(name)}`), { onlyIf: databaseExists(name) })
  forgetIncoming(script, name)
  revokeOthers(script, name, [])
}

/** Into a database that is empty or missing, whole or not at all. Users and grants come by the next save of its row. */
function loadDump(name: string, dump: string): Command {
  return sh`if [[ $(${query(`select ${countAll(name)}`)}) != 0 ]]; then
  echo ${`the database ${name} exists and is not empty`} >&2
  exit 1
fi
${query(`create database if not exists ${identifier(name)} character set utf8mb4`)}
if ! ${load(name)} <${dump}; then
  ${query(`drop database ${identifier(name)}`)}
  exit 1
fi
rm -f -- ${dump}`
}

/** What must be the same in both: every table's rows, and what else there is by name. */
function digestDatabase(name: string): Command {
  const text = string(name)
  return sh`mapfile -t tables < <(${query(
    `select concat(char(96), replace(table_name, char(96), concat(char(96), char(96))), char(96)) from information_schema.tables
  where table_schema = ${text} and table_type = 'BASE TABLE' order by table_name`,
  )})
if ((\${#tables[@]})); then
  (IFS=,; printf 'checksum table %s extended;\n' "\${tables[*]}") | ${client} -- ${name} | sed 's/^[^.]*\.//'
fi
${query(
  `select 'view', table_name from information_schema.views where table_schema = ${text} order by 2;
select 'trigger', trigger_name from information_schema.triggers where trigger_schema = ${text} order by 2;
select lower(routine_type), routine_name from information_schema.routines where routine_schema = ${text} order by 1, 2;
select 'event', event_name from information_schema.events where event_schema = ${text} order by 2`,
)}`
}
