import { type Command, sh } from 'orchestrajs'
import { client, dumper } from './client.ts'
import { query, string } from './sql.ts'

/** Everything of a database as SQL, as it was at one moment. It fails where a view is broken. */
export function dumpOf(database: string): Command {
  return sh`${dumper} -- ${database}`
}

/**
 * The same, where a view that is broken, because a table, a function or an account that it names is gone, does not keep anybody
 * from deleting its database: what it was stands in the dump as a comment. Names travel as hexadecimal digits, for they may hold
 * anything.
 */
export function dumpDespiteViews(database: string): Command {
  const views = `from information_schema.views where table_schema = ${string(database)}`
  const check = `execute immediate concat('check table ', char(96), ${string(database)}, char(96, 46, 96), replace(convert(x'`
  const definition = `select concat('left out, because it is broken: view ', table_name, ' of ', definer, ' as ', view_definition) ${views} and table_name = convert(x'`
  return sh`left=() comments=''
while read -r view; do
  if [[ $(${client} --execute ${check}"$view"${`' using utf8mb4), char(96), char(96, 96)), char(96))`}) != *$'\terror\tCorrupt'* ]]; then continue; fi
  printf -v name %b "$(sed 's/../\\x&/g' <<<"$view")"
  left+=("--ignore-table="${database}".$name")
  comments+=$(${client} --execute ${definition}"$view"${`' using utf8mb4)`} | sed 's/^/-- /')$'\n'
done < <(${query(`select hex(table_name) ${views} order by 1`)})
${dumper} "\${left[@]}" -- ${database}
printf %s "$comments"`
}

const quoted = '`([^`]|``)*`'
const definer = `DEFINER=${quoted}(@${quoted})?`

/** Takes from a dump whose rights its views, triggers, routines and events have, for an account that may give only its own. */
export const withoutDefiners = sh`sed -E ${[
  String.raw`s#^(/\*!50003 CREATE\*/ )/\*!50017 ${definer}\*/ #\1#`,
  String.raw`s#^(/\*!50106 CREATE\*/ )/\*!50117 ${definer}\*/ #\1#`,
  `s#^CREATE ${definer} #CREATE #`,
  String.raw`s#^(/\*!50013 )${definer} #\1#`,
].join('\n')}`

/** Gives what one account owns in a dump to another. What rows hold is not touched. */
export function giveDefiners(from: string, to: string): Command {
  return sh`sed ${`/^INSERT INTO /!s#DEFINER=${from}#DEFINER=${to}#`}`
}
