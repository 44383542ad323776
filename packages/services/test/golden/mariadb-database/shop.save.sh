o_begin run mariadb-database 1 60 '«secret:output-token»'
o_for 0
o_exists $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_shop\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_thing $'user \'kit_owner\'@\'localhost\'' $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select 1 from mysql.user where user = \'\\\'\'kit_owner\'\\\'\' and host = \'\\\'\'localhost\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_own fe43dd8627a5b0e2f8e9e316bc506db40bc7a273 kit_shop /var/lib/orchestra/mariadb/kit_shop.sql /var/lib/orchestra/mariadb/kit_shop.moving
o_mark_all
o_op 0 save
o_unless $'[[ $(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(default_character_set_name, \'\\\'\' \'\\\'\', default_collation_name) from information_schema.schemata where schema_name = \'\\\'\'kit_shop\'\\\'\'\') == \'utf8mb4 utf8mb4_unicode_ci\' ]]'
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'create database if not exists `kit_shop` character set utf8mb4 collate utf8mb4_unicode_ci; alter database `kit_shop` character set utf8mb4 collate utf8mb4_unicode_ci\''
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
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'show grants for \'\\\'\'kit_owner\'\\\'\'@\'\\\'\'localhost\'\\\'\'\') == *\'GRANT ALL PRIVILEGES ON `kit\\_shop`.* TO\'* ]]'
o_run $'mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'grant all privileges on `kit\\_shop`.* to \'\\\'\'kit_owner\'\\\'\'@\'\\\'\'localhost\'\\\'\'\''
o_only_if $'{ told=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select count(*) > 0 from mysql.db where db = replace(\'\\\'\'kit_shop\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\')) and (user, host) not in ((\'\\\'\'kit_owner\'\\\'\', \'\\\'\'localhost\'\\\'\'))\') || exit 126; [[ $told == 1 ]]; }'
o_run $'gone=$(mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(quote(user), \'\\\'\'@\'\\\'\', quote(host)) from mysql.db where db = replace(\'\\\'\'kit_shop\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\')) and (user, host) not in ((\'\\\'\'kit_owner\'\\\'\', \'\\\'\'localhost\'\\\'\'))\')
mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
s/^--(user|password|host|port|socket|protocol|ssl[a-z-]*)=(.*)$/\\1="\\2"/p
s/^--((skip-)?ssl[a-z-]*)$/\\1/p\') --batch --raw --skip-column-names --default-character-set=utf8mb4 --init-command=\'set session sql_mode = \'\\\'\'\'\\\'\'\' --execute \'select concat(\'\\\'\'revoke all privileges on \'\\\'\', concat(char(96), replace(db, char(96), concat(char(96), char(96))), char(96), \'\\\'\'.*\'\\\'\'), \'\\\'\' from \'\\\'\', quote(user), \'\\\'\'@\'\\\'\', quote(host), \'\\\'\';\'\\\'\') from mysql.db where db = replace(\'\\\'\'kit_shop\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\')) and (user, host) not in ((\'\\\'\'kit_owner\'\\\'\', \'\\\'\'localhost\'\\\'\'))\' | mariadb --defaults-file=<(echo \'[client]\'; my_print_defaults client client-server client-mariadb mysql mariadb-client | sed -nE \'s/[\\\\"]/\\\\&/g
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
