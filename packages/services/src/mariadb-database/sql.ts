import { type Command, type Script, sh } from 'orchestrajs'
import { client } from './client.ts'

/** A checked name as SQL takes it. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** Checked text as SQL takes it: it holds no backslash, which means one thing or another by the server's mode. */
export function string(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** An account as SQL takes it. */
export function account({ name, host }: { name: string; host: string }): string {
  return `${string(name)}@${string(host)}`
}

/** To GRANT a database is a pattern, in which an underscore stands for any character. */
export function grantPattern(database: string): string {
  return database.replaceAll('_', '\\_')
}

/** The same as an expression that means it in every mode, as the server writes it down. */
export function grantPatternText(database: string): string {
  const name = /[A-Z]/.test(database)
    ? `if(@@lower_case_table_names, ${string(database.toLowerCase())}, ${string(database)})`
    : string(database)
  return `replace(${name}, '_', concat(char(92), '_'))`
}

/** Runs SQL without secrets; each row is a line, columns apart by tabs. */
export function query(sql: string): Command {
  return sh`${client} --execute ${sql}`
}

/** Whether SQL answers 1. A query that fails decides nothing: a guard fails its operation then, and a command ends. */
export function isOne(sql: string): Command {
  return sh`{ told=$(${query(sql)}) || exit 126; [[ $told == 1 ]]; }`
}

export function databaseExists(name: string): Command {
  return isOne(`select 1 from information_schema.schemata where schema_name = ${string(name)}`)
}

/** Of a server that does not answer, the operation tells why in the server's own words, which a guard does not show. */
export function needServer(script: Script): void {
  script.run(query('do 1'), { unless: query('do 1') })
}

/** Everything but base tables that a database holds, as a number. */
export function countOthers(database: string): string {
  const name = string(database)
  return `(select count(*) from information_schema.tables where table_schema = ${name} and table_type <> 'BASE TABLE')
  + (select count(*) from information_schema.triggers where trigger_schema = ${name})
  + (select count(*) from information_schema.routines where routine_schema = ${name})
  + (select count(*) from information_schema.events where event_schema = ${name})`
}

/** How much a database holds. */
export function countAll(database: string): string {
  const tables = `(select count(*) from information_schema.tables where table_schema = ${string(database)} and table_type = 'BASE TABLE')`
  return `${tables} + ${countOthers(database)}`
}
