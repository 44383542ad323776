o_begin run mariadb-database 1 60 '«secret:output-token»'
o_lists $'mariadb --batch --raw --skip-column-names --execute \'select schema_name from information_schema.schemata where schema_name not in (\'\\\'\'information_schema\'\\\'\', \'\\\'\'mysql\'\\\'\', \'\\\'\'performance_schema\'\\\'\', \'\\\'\'sys\'\\\'\')
  and left(schema_name, 19) <> \'\\\'\'orchestra_incoming_\'\\\'\' order by schema_name\''
o_op 0 delete
o_thing $'user \'kit_owner\'@\'localhost\'' $'{ told=$(mariadb --batch --raw --skip-column-names --execute \'select 1 from mysql.user where user = \'\\\'\'kit_owner\'\\\'\' and host = \'\\\'\'localhost\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_give_up fe43dd8627a5b0e2f8e9e316bc506db40bc7a273 kit_shop /var/lib/orchestra/mariadb/kit_shop.sql /var/lib/orchestra/mariadb/kit_shop.moving
o_disown fe43dd8627a5b0e2f8e9e316bc506db40bc7a273
o_mark_all
o_op 0 delete
o_unless $'mariadb --batch --raw --skip-column-names --execute \'do 1\''
o_run $'mariadb --batch --raw --skip-column-names --execute \'do 1\''
o_only_if $'{ told=$(mariadb --batch --raw --skip-column-names --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_shop\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_run $'umask 077
mkdir -p -- \'/var/lib/orchestra/mariadb\'
mariadb-dump --single-transaction --quick --routines --events --triggers --hex-blob --skip-dump-date --default-character-set=utf8mb4 -- \'kit_shop\' >\'/var/lib/orchestra/mariadb/kit_shop.sql\'.new
mv -T -- \'/var/lib/orchestra/mariadb/kit_shop.sql\'.new \'/var/lib/orchestra/mariadb/kit_shop.sql\''
o_op 0 delete
o_trash /var/lib/orchestra/mariadb/kit_shop.sql - $'if [[ $(mariadb --batch --raw --skip-column-names --execute \'select (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type = \'\\\'\'BASE TABLE\'\\\'\') + (select count(*) from information_schema.tables where table_schema = \'\\\'\'kit_shop\'\\\'\' and table_type <> \'\\\'\'BASE TABLE\'\\\'\')
  + (select count(*) from information_schema.triggers where trigger_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.routines where routine_schema = \'\\\'\'kit_shop\'\\\'\')
  + (select count(*) from information_schema.events where event_schema = \'\\\'\'kit_shop\'\\\'\')\') != 0 ]]; then
  echo \'the database kit_shop exists and is not empty\' >&2
  exit 1
fi
mariadb --batch --raw --skip-column-names --execute \'create database if not exists `kit_shop` character set utf8mb4\'
if ! mariadb -- \'kit_shop\' <\'/var/lib/orchestra/mariadb/kit_shop.sql\'; then
  mariadb --batch --raw --skip-column-names --execute \'drop database `kit_shop`\'
  exit 1
fi
rm -f -- \'/var/lib/orchestra/mariadb/kit_shop.sql\'' 'database kit_shop'
o_op 0 delete
o_only_if $'{ told=$(mariadb --batch --raw --skip-column-names --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'kit_shop\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_run $'mariadb --batch --raw --skip-column-names --execute \'drop database `kit_shop`\''
o_only_if $'{ told=$(mariadb --batch --raw --skip-column-names --execute \'select 1 from information_schema.schemata where schema_name = \'\\\'\'orchestra_incoming_fe43dd8627a5b0e2f8e9e316\'\\\'\'\') || exit 126; [[ $told == 1 ]]; }'
o_run $'mariadb --batch --raw --skip-column-names --execute \'drop database `orchestra_incoming_fe43dd8627a5b0e2f8e9e316`\''
o_op 0 delete
o_absent /var/lib/orchestra/mariadb/kit_shop.moving
o_settle
o_op 0 delete
o_only_if $'{ told=$(mariadb --batch --raw --skip-column-names --execute \'select count(*) > 0 from mysql.db where db = replace(\'\\\'\'kit_shop\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\'))\') || exit 126; [[ $told == 1 ]]; }'
o_run $'gone=$(mariadb --batch --raw --skip-column-names --execute \'select concat(quote(user), \'\\\'\'@\'\\\'\', quote(host)) from mysql.db where db = replace(\'\\\'\'kit_shop\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\'))\')
mariadb --batch --raw --skip-column-names --execute \'select concat(\'\\\'\'revoke all privileges on \'\\\'\', concat(char(96), replace(db, char(96), concat(char(96), char(96))), char(96), \'\\\'\'.*\'\\\'\'), \'\\\'\' from \'\\\'\', quote(user), \'\\\'\'@\'\\\'\', quote(host), \'\\\'\';\'\\\'\') from mysql.db where db = replace(\'\\\'\'kit_shop\'\\\'\', \'\\\'\'_\'\\\'\', concat(char(92), \'\\\'\'_\'\\\'\'))\' | mariadb
while IFS= read -r user; do
  grants=$(mariadb --batch --raw --skip-column-names --execute "show grants for $user")
  if [[ $grants == \'GRANT USAGE ON *.* TO \'* && $grants != *$\'\\n\'* ]]; then mariadb --execute "drop user $user"; fi
done <<<"$gone"'
o_results 0
o_end
# end run
