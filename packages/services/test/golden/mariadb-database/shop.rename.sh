o_act_in /var/lib/orchestra/mariadb
o_begin run mariadb-database 1 60 '«secret:output-token»'
o_for 0
o_exists $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_shop\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_thing $'user \'kit_owner\'@\'localhost\'' $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from mysql.user where user = \'\\\'\'kit_owner\'\\\'\' and host = \'\\\'\'localhost\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_former fe43dd8627a5b0e2f8e9e316bc506db40bc7a273 kit_shop /var/lib/orchestra/mariadb/kit_shop.sql /var/lib/orchestra/mariadb/kit_shop.moving
o_exists $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_store\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_thing $'user \'kit_owner\'@\'localhost\'' $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from mysql.user where user = \'\\\'\'kit_owner\'\\\'\' and host = \'\\\'\'localhost\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_own 068b0f5df43af09c67ec58e6132ec756805db250 kit_store /var/lib/orchestra/mariadb/kit_store.sql /var/lib/orchestra/mariadb/kit_store.moving
o_disown fe43dd8627a5b0e2f8e9e316bc506db40bc7a273
o_mark_all
o_op 0 rename
o_unless $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'do 1\''
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'do 1\''
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
o_op 0 rename
o_absent /var/lib/orchestra/mariadb/kit_shop.moving
o_settle
o_op 0 rename
o_only_if $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_shop\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_run $'umask 077
mkdir -p -- \'/var/lib/orchestra/mariadb\'
how=\'\' source=\'\'
if [[ -e \'/var/lib/orchestra/mariadb/kit_store.moving\' ]]; then { read -r how; read -r source; } <\'/var/lib/orchestra/mariadb/kit_store.moving\' || true; fi
if [[ $source != \'kit_shop\' ]]; then
  if { told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_store\'\\\'\'\') || exit 126; [[ $told == 1 ]]; } && [[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_store\'\\\'\' and table_type = \'\\\'\'BASE TABLE\'\\\'\') + (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_store\'\\\'\' and table_type <> \'\\\'\'BASE TABLE\'\\\'\')
  + (select count(*) from information_schema.triggers where trigger_schema = \'\\\'\'kit_store\'\\\'\')
  + (select count(*) from information_schema.routines where routine_schema = \'\\\'\'kit_store\'\\\'\')
  + (select count(*) from information_schema.events where event_schema = \'\\\'\'kit_store\'\\\'\')\') != 0 ]]; then
    echo \'there is another database kit_store that is not empty: kit_shop stays as it is\' >&2
    exit 1
  fi
  if [[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type <> \'\\\'\'BASE TABLE\'\\\'\')
  + (select count(*) from information_schema.triggers where trigger_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.routines where routine_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.events where event_schema = \'\\\'\'kit_shop\'\\\'\')\') == 0 ]]; then how=rename; else how=copy; fi
  printf \'%s\\n\' "$how" \'kit_shop\' >\'/var/lib/orchestra/mariadb/kit_store.moving\'.new
  mv -T -- \'/var/lib/orchestra/mariadb/kit_store.moving\'.new \'/var/lib/orchestra/mariadb/kit_store.moving\'
fi
if [[ $how == copy ]]; then mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'drop database if exists `kit_store`\'; fi
mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'create database if not exists `kit_store` character set utf8mb4 collate utf8mb4_unicode_ci\'
if [[ $how == copy ]]; then
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
  printf \'%q of %s holds ;; or the word delimiter, with which its dump would be loaded as something else: change it\\n\' "$hiding" \'kit_shop\' >&2
  exit 1
fi
  mariadb-dump --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --single-transaction --quick --routines --events --triggers --hex-blob --skip-comments --skip-dump-date --max-allowed-packet=1G --default-character-set=utf8mb4 -- \'kit_shop\' | mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --sandbox --local-infile=0 --max-allowed-packet=1G --default-character-set=utf8mb4 -- \'kit_store\'
  sent=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type = \'\\\'\'BASE TABLE\'\\\'\') + (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type <> \'\\\'\'BASE TABLE\'\\\'\')
  + (select count(*) from information_schema.triggers where trigger_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.routines where routine_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.events where event_schema = \'\\\'\'kit_shop\'\\\'\')\')
  arrived=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_store\'\\\'\' and table_type = \'\\\'\'BASE TABLE\'\\\'\') + (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_store\'\\\'\' and table_type <> \'\\\'\'BASE TABLE\'\\\'\')
  + (select count(*) from information_schema.triggers where trigger_schema = \'\\\'\'kit_store\'\\\'\')
  + (select count(*) from information_schema.routines where routine_schema = \'\\\'\'kit_store\'\\\'\')
  + (select count(*) from information_schema.events where event_schema = \'\\\'\'kit_store\'\\\'\')\')
  if [[ $sent != "$arrived" ]]; then
    echo \'not everything of kit_shop arrived in kit_store\' >&2
    exit 1
  fi
else
  mapfile -t moves < <(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(\'\\\'\'`kit_shop`.\'\\\'\', quoted, \'\\\'\' to `kit_store`.\'\\\'\', quoted) from (
    select concat(char(96), replace(table_name, char(96), concat(char(96), char(96))), char(96)) as quoted
    from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type = \'\\\'\'BASE TABLE\'\\\'\') t\')
  if ((${#moves[@]})); then (IFS=,; printf \'rename table %s;\\n\' "${moves[*]}") | mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\'; fi
  if [[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type = \'\\\'\'BASE TABLE\'\\\'\') + (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type <> \'\\\'\'BASE TABLE\'\\\'\')
  + (select count(*) from information_schema.triggers where trigger_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.routines where routine_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.events where event_schema = \'\\\'\'kit_shop\'\\\'\')\') != 0 ]]; then echo \'kit_shop is not empty yet\' >&2; exit 1; fi
fi
mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'drop database `kit_shop`\'
rm -f -- \'/var/lib/orchestra/mariadb/kit_store.moving\''
o_op 0 rename
o_absent /var/lib/orchestra/mariadb/kit_store.moving
o_settle
o_op 0 rename
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
o_unless $'[[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(default_character_set_name, \'\\\'\' \'\\\'\', default_collation_name) from information_schema.schemata where schema_name = \'\\\'\'kit_store\'\\\'\'\') == \'utf8mb4 utf8mb4_unicode_ci\' ]]'
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'create database if not exists `kit_store` character set utf8mb4 collate utf8mb4_unicode_ci; alter database `kit_store` character set utf8mb4 collate utf8mb4_unicode_ci\''
o_shows $'[[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select authentication_string from mysql.user where user = \'\\\'\'kit_owner\'\\\'\' and host = \'\\\'\'localhost\'\\\'\' and plugin = \'\\\'\'mysql_native_password\'\\\'\'\') == \'«secret:database.password»\' ]]' $'[[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select authentication_string from mysql.user where user = \'\\\'\'kit_owner\'\\\'\' and host = \'\\\'\'localhost\'\\\'\' and plugin = \'\\\'\'mysql_native_password\'\\\'\'\') == \'«secret:database.password»\' ]]'
o_unless $'[[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select authentication_string from mysql.user where user = \'\\\'\'kit_owner\'\\\'\' and host = \'\\\'\'localhost\'\\\'\' and plugin = \'\\\'\'mysql_native_password\'\\\'\'\') == \'«secret:database.password»\' ]]'
o_input $'create user if not exists \'kit_owner\'@\'localhost\' identified by password \'«secret:database.password»\';
alter user \'kit_owner\'@\'localhost\' identified by password \'«secret:database.password»\';
'
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\''
o_unless $'[[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'show grants for \'\\\'\'kit_owner\'\\\'\'@\'\\\'\'localhost\'\\\'\'\') == *\'GRANT ALL PRIVILEGES ON `kit\\_store`.* TO\'* ]]'
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'grant all privileges on `kit\\_store`.* to \'\\\'\'kit_owner\'\\\'\'@\'\\\'\'localhost\'\\\'\'\''
o_only_if $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select count(*) > 0 from mysql.db where db = replace(\'\\\'\'kit_store\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\')) and (user, host) not in ((\'\\\'\'kit_owner\'\\\'\', \'\\\'\'localhost\'\\\'\'))\') || exit 126; [[ $told == 1 ]]; }'
o_run $'gone=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(quote(user), \'\\\'\'@\'\\\'\', quote(host)) from mysql.db where db = replace(\'\\\'\'kit_store\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\')) and (user, host) not in ((\'\\\'\'kit_owner\'\\\'\', \'\\\'\'localhost\'\\\'\'))\')
mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(\'\\\'\'revoke all privileges on \'\\\'\', concat(char(96), replace(db, char(96), concat(char(96), char(96))), char(96), \'\\\'\'.*\'\\\'\'), \'\\\'\' from \'\\\'\', quote(user), \'\\\'\'@\'\\\'\', quote(host), \'\\\'\';\'\\\'\') from mysql.db where db = replace(\'\\\'\'kit_store\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\')) and (user, host) not in ((\'\\\'\'kit_owner\'\\\'\', \'\\\'\'localhost\'\\\'\'))\' | mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
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
