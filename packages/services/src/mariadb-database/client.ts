import { type Command, raw, sh } from 'orchestrajs'

/** What option files say of reaching the server, in the form of an option file. */
const connecting = String.raw`s/[\\"]/\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\1="\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\1/p`

/**
 * Nothing but that is taken from the option files of a server: what else an administrator set there for people, such as
 * `verbose`, `table`, `where` or `no-data`, would change what these programs print and keep.
 */
const connection = sh`--defaults-file=<(echo '[client]'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE ${connecting})`

/** Rows as lines, columns apart by tabs. The mode decides what quotes and backslashes mean, and the server may have any. */
export const client = sh`mariadb ${connection} --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=${`set session sql_mode = ''`}`

/** Reads SQL that others wrote: no command of the client, which could run programs, and no file of this machine. */
const reader = sh`mariadb ${connection} --sandbox --local-infile=0 --max-allowed-packet=1G --default-character-set=utf8mb4`

/** Loads SQL from stdin into a database, as the login. */
export function load(database: string): Command {
  return sh`${reader} -- ${database}`
}

/** As `load`, as an account that may do something in this database and nothing else; its password is in a variable. */
export function loadAs(account: string, database: string, passwordVariable: string): Command {
  return sh`MYSQL_PWD=$${raw(passwordVariable)} mariadb --no-defaults --socket="$(${client} --execute 'select @@socket')" --sandbox --local-infile=0 --max-allowed-packet=1G --default-character-set=utf8mb4 --user=${account} -- ${database}`
}

/** A program that reads or dumps, with the options that make what it prints the same everywhere. */
export const dumper = sh`mariadb-dump ${connection} --single-transaction --quick --routines --events --triggers --hex-blob --skip-comments --skip-dump-date --max-allowed-packet=1G --default-character-set=utf8mb4`
