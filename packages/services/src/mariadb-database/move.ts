import { type Command, sh } from 'orchestrajs'
import { client, load } from './client.ts'
import { dumpOf, refuseHidden } from './dump.ts'
import { countAll, countOthers, databaseExists, identifier, query, string } from './sql.ts'

/** Root's own; what is on its way between two states is noted or kept here. */
export const workDirectory = '/var/lib/orchestra/mariadb'

/** Tells that a database is being moved to this name: how, and which. */
export const markOf = (to: string) => `${workDirectory}/${to}.moving`

/**
 * Everything of one database into another that is empty or missing; then the first is dropped. Tables alone are renamed, which
 * copies nothing. Views, triggers, routines and events cannot be, so a database with any of them is copied. What was
 * interrupted is told by a mark and goes on, or begins anew while the first still has everything. A mark that another database
 * left says nothing about this one.
 * @param dump prints all of the first as SQL
 */
export function moveDatabase(
  from: string,
  to: string,
  defaults: string,
  dump: Command = dumpOf(from),
): Command {
  const mark = markOf(to)
  const names = `select concat(${string(`${identifier(from)}.`)}, quoted, ${string(` to ${identifier(to)}.`)}, quoted) from (
    select concat(char(96), replace(table_name, char(96), concat(char(96), char(96))), char(96)) as quoted
    from information_schema.tables where table_schema = ${string(from)} and table_type = 'BASE TABLE') t`
  return sh`umask 077
mkdir -p -- ${workDirectory}
how='' source=''
if [[ -e ${mark} ]]; then { read -r how; read -r source; } <${mark} || true; fi
if [[ $source != ${from} ]]; then
  if ${databaseExists(to)} && [[ $(${query(`select ${countAll(to)}`)}) != 0 ]]; then
    echo ${`there is another database ${to} that is not empty: ${from} stays as it is`} >&2
    exit 1
  fi
  if [[ $(${query(`select ${countOthers(from)}`)}) == 0 ]]; then how=rename; else how=copy; fi
  printf '%s\n' "$how" ${from} >${mark}.new
  mv -T -- ${mark}.new ${mark}
fi
if [[ $how == copy ]]; then ${query(`drop database if exists ${identifier(to)}`)}; fi
${query(`create database if not exists ${identifier(to)} ${defaults}`)}
if [[ $how == copy ]]; then
  ${refuseHidden(from)}
  ${dump} | ${load(to)}
  sent=$(${query(`select ${countAll(from)}`)})
  arrived=$(${query(`select ${countAll(to)}`)})
  if [[ $sent != "$arrived" ]]; then
    echo ${`not everything of ${from} arrived in ${to}`} >&2
    exit 1
  fi
else
  mapfile -t moves < <(${query(names)})
  if ((\${#moves[@]})); then (IFS=,; printf 'rename table %s;\n' "\${moves[*]}") | ${client}; fi
  if [[ $(${query(`select ${countAll(from)}`)}) != 0 ]]; then echo ${`${from} is not empty yet`} >&2; exit 1; fi
fi
${query(`drop database ${identifier(from)}`)}
rm -f -- ${mark}`
}
