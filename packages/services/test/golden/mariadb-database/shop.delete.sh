o_act_in /var/lib/orchestra/mariadb
o_begin run mariadb-database 1 60 '«secret:output-token»'
o_for 0
o_exists $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_shop\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_thing $'user \'kit_owner\'@\'localhost\'' $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from mysql.user where user = \'\\\'\'kit_owner\'\\\'\' and host = \'\\\'\'localhost\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_give_up fe43dd8627a5b0e2f8e9e316bc506db40bc7a273 kit_shop /var/lib/orchestra/mariadb/kit_shop.sql /var/lib/orchestra/mariadb/kit_shop.moving
o_disown fe43dd8627a5b0e2f8e9e316bc506db40bc7a273
o_mark_all
o_op 0 delete
o_unless $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'do 1\''
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'do 1\''
o_only_if $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_shop\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_run $'umask 077
mkdir -p -- \'/var/lib/orchestra/mariadb\'
{
left=() comments=\'\'
programs=\'\' hiding=\'\'
while read -r statement; do
  program=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute "execute immediate convert(x\'$statement\' using utf8mb4)")
  programs+=$program$\'\\n\'
  if [[ $program == *\';;\'* || ${program,,} == *delimiter[[:space:]]* ]]; then hiding=${program%%$\'\\t\'*}; fi
done < <(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select hex(concat(\'\\\'\'show create \'\\\'\', lower(routine_type), \'\\\'\' \'\\\'\', char(96), \'\\\'\'kit_shop\'\\\'\', char(96, 46, 96), replace(routine_name, char(96), char(96, 96)), char(96))) from information_schema.routines where routine_schema = \'\\\'\'kit_shop\'\\\'\'
union all select hex(concat(\'\\\'\'show create \'\\\'\', \'\\\'\'trigger\'\\\'\', \'\\\'\' \'\\\'\', char(96), \'\\\'\'kit_shop\'\\\'\', char(96, 46, 96), replace(trigger_name, char(96), char(96, 96)), char(96))) from information_schema.triggers where trigger_schema = \'\\\'\'kit_shop\'\\\'\'
union all select hex(concat(\'\\\'\'show create \'\\\'\', \'\\\'\'event\'\\\'\', \'\\\'\' \'\\\'\', char(96), \'\\\'\'kit_shop\'\\\'\', char(96, 46, 96), replace(event_name, char(96), char(96, 96)), char(96))) from information_schema.events where event_schema = \'\\\'\'kit_shop\'\\\'\'\')
if [[ $hiding ]]; then
  left+=(--skip-routines --skip-triggers --skip-events)
  comments=$(printf \'left out, because they could be loaded as something else:\\n%s\' "$programs" | tr \'\\r\' \' \' | sed \'s/^/-- /\')$\'\\n\'
fi
while read -r view; do
  if [[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'execute immediate concat(\'\\\'\'check table \'\\\'\', char(96), \'\\\'\'kit_shop\'\\\'\', char(96, 46, 96), replace(convert(x\'\\\'\'\'"$view"\'\'\\\'\' using utf8mb4), char(96), char(96, 96)), char(96))\') != *$\'\\terror\\tCorrupt\'* ]]; then continue; fi
  printf -v name %b "$(sed \'s/../\\\\x&/g\' <<<"$view")"
  left+=("--ignore-table="\'kit_shop\'".$name")
  comments+=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(\'\\\'\'left out, because it is broken: view \'\\\'\', table_name, \'\\\'\' of \'\\\'\', definer, \'\\\'\' as \'\\\'\', view_definition) from information_schema.views where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_name = convert(x\'\\\'\'\'"$view"\'\'\\\'\' using utf8mb4)\' | sed \'s/^/-- /\')$\'\\n\'
done < <(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select hex(table_name) from information_schema.views where table_schema = \'\\\'\'kit_shop\'\\\'\' order by 1\')
mariadb-dump --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --single-transaction --quick --routines --events --triggers --hex-blob --skip-comments --skip-dump-date --max-allowed-packet=1G --default-character-set=utf8mb4 "${left[@]}" -- \'kit_shop\'
printf %s "$comments"
} >\'/var/lib/orchestra/mariadb/kit_shop.sql\'.new
mv -T -- \'/var/lib/orchestra/mariadb/kit_shop.sql\'.new \'/var/lib/orchestra/mariadb/kit_shop.sql\''
o_op 0 delete
o_trash /var/lib/orchestra/mariadb/kit_shop.sql - $'if [[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type = \'\\\'\'BASE TABLE\'\\\'\') + (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type <> \'\\\'\'BASE TABLE\'\\\'\')
  + (select count(*) from information_schema.triggers where trigger_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.routines where routine_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.events where event_schema = \'\\\'\'kit_shop\'\\\'\')\') != 0 ]]; then
  echo \'the database kit_shop exists and is not empty\' >&2
  exit 1
fi
mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'create database if not exists `kit_shop` character set utf8mb4\'
if ! mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --sandbox --local-infile=0 --max-allowed-packet=1G --default-character-set=utf8mb4 -- \'kit_shop\' <\'/var/lib/orchestra/mariadb/kit_shop.sql\'; then
  mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'drop database `kit_shop`\'
  exit 1
fi
rm -f -- \'/var/lib/orchestra/mariadb/kit_shop.sql\'' 'database kit_shop'
o_op 0 delete
o_only_if $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_shop\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'drop database `kit_shop`\''
o_only_if $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'orchestra_incoming_fe43dd8627a5b0e2f8e9e316\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'drop database `orchestra_incoming_fe43dd8627a5b0e2f8e9e316`\''
o_only_if $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from mysql.user where user = \'\\\'\'orchestra_incoming_fe43dd8627a5b0e2f8e9e316\'\\\'\' and host = \'\\\'\'localhost\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'drop user \'\\\'\'orchestra_incoming_fe43dd8627a5b0e2f8e9e316\'\\\'\'@\'\\\'\'localhost\'\\\'\'\''
o_op 0 delete
o_absent /var/lib/orchestra/mariadb/kit_shop.moving
o_settle
o_op 0 delete
o_only_if $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select count(*) > 0 from mysql.db where db = replace(\'\\\'\'kit_shop\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\'))\') || exit 126; [[ $told == 1 ]]; }'
o_run $'gone=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(quote(user), \'\\\'\'@\'\\\'\', quote(host)) from mysql.db where db = replace(\'\\\'\'kit_shop\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\'))\')
mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(\'\\\'\'revoke all privileges on \'\\\'\', concat(char(96), replace(db, char(96), concat(char(96), char(96))), char(96), \'\\\'\'.*\'\\\'\'), \'\\\'\' from \'\\\'\', quote(user), \'\\\'\'@\'\\\'\', quote(host), \'\\\'\';\'\\\'\') from mysql.db where db = replace(\'\\\'\'kit_shop\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\'))\' | mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\'
while IFS= read -r user; do
  grants=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute "show grants for $user")
  if [[ $grants == \'GRANT USAGE ON *.* TO \'* && $grants != *$\'\\n\'* ]] && o_is_marked "user $user"; then mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute "drop user $user"; fi
done <<<"$gone"'
o_results 0
o_end
# end run
