import { type Command, sh } from 'orchestrajs'
import { client, dumper } from './client.ts'
import { query, string } from './sql.ts'

/** Statements, as hexadecimal digits, that show each routine, trigger and event of a database. */
function showing(database: string): string {
  const statement = (kind: string, name: string) =>
    `hex(concat('show create ', ${kind}, ' ', char(96), ${string(database)}, char(96, 46, 96), replace(${name}, char(96), char(96, 96)), char(96)))`
  return `select ${statement('lower(routine_type)', 'routine_name')} from information_schema.routines where routine_schema = ${string(database)}
union all select ${statement(`'trigger'`, 'trigger_name')} from information_schema.triggers where trigger_schema = ${string(database)}
union all select ${statement(`'event'`, 'event_name')} from information_schema.events where event_schema = ${string(database)}`
}

/**
 * Sets `programs` to what a database has of them, and `hiding` to one that its client could take for several statements: where the
 * server sees a comment or a name, the client may see the end that a dump gives to each, or the word that changes it. What stands
 * behind would run with the rights of whoever loads the dump.
 */
function lookForHidden(database: string): Command {
  return sh`programs='' hiding=''
while read -r statement; do
  program=$(${client} --execute "execute immediate convert(x'$statement' using utf8mb4)")
  programs+=$program$'\n'
  if [[ $program == *';;'* || \${program,,} == *delimiter[[:space:]]* ]]; then hiding=\${program%%$'\t'*}; fi
done < <(${query(showing(database))})`
}

/** Ends a command where a dump of the database would not be loaded as it is meant. */
export function refuseHidden(database: string): Command {
  return sh`${lookForHidden(database)}
if [[ $hiding ]]; then
  printf '%q of %s holds ;; or the word delimiter, with which its dump would be loaded as something else: change it\n' "$hiding" ${database} >&2
  exit 1
fi`
}

/** Everything of a database as SQL, as it was at one moment. It fails where a view is broken. */
export function dumpOf(database: string): Command {
  return sh`${dumper} -- ${database}`
}

/**
 * The same, where a view that is broken, because a table, a function or an account that it names is gone, does not keep anybody
 * from deleting its database: what it was stands in the dump as a comment. Names travel as hexadecimal digits, for they may hold
 * anything. So do routines, triggers and events where one of them hides something.
 */
export function dumpDespiteViews(database: string): Command {
  const views = `from information_schema.views where table_schema = ${string(database)}`
  const check = `execute immediate concat('check table ', char(96), ${string(database)}, char(96, 46, 96), replace(convert(x'`
  const definition = `select concat('left out, because it is broken: view ', table_name, ' of ', definer, ' as ', view_definition) ${views} and table_name = convert(x'`
  return sh`left=() comments=''
${lookForHidden(database)}
if [[ $hiding ]]; then
  left+=(--skip-routines --skip-triggers --skip-events)
  comments=$(printf 'left out, because they could be loaded as something else:\n%s' "$programs" | tr '\r' ' ' | sed 's/^/-- /')$'\n'
fi
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
