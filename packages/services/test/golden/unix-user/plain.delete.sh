o_begin run unix-user 1 60 '«secret:output-token»'
o_look /var/spool/cron/crontabs /home
o_op 0 delete
o_exists $'getent passwd \'kit-plain\' >/dev/null'
o_give_up e29bdd686b520f6ee9af25c23b9de68a7e3acd91 kit-plain /var/spool/cron/crontabs/kit-plain /home/kit-plain.orchestra-incoming /home/kit-plain
o_disown e29bdd686b520f6ee9af25c23b9de68a7e3acd91
o_mark_all
o_op 0 delete
o_only_if $'IFS=: read -r _ _ uid _ < <(getent passwd \'kit-plain\') && ((uid < 1000 || uid == 65534))'
o_run $'echo \'kit-plain is an account of the system: not ours to manage\' >&2; exit 1'
o_op 0 delete
o_trash /var/spool/cron/crontabs/kit-plain - $'uid=$(stat -c %u -- \'/var/spool/cron/crontabs/kit-plain\')
if getent passwd \'kit-plain\' >/dev/null; then
  if [[ $uid != "$(id -u \'kit-plain\')" ]]; then
read -r uid gid < <(stat -c \'%u %g\' -- \'/var/spool/cron/crontabs/kit-plain\')
find \'/var/spool/cron/crontabs/kit-plain\' -xdev -user "$uid" -exec chown -h \'kit-plain\' {} +
find \'/var/spool/cron/crontabs/kit-plain\' -xdev -group "$gid" -exec chgrp -h "$(id -g \'kit-plain\')" {} +
  fi
elif getent passwd "$uid" >/dev/null; then
  echo \'its number belongs to another account now: make the account kit-plain first\' >&2
  exit 1
fi' 'crontab of kit-plain'
o_op 0 delete
o_only_if $'pgrep -u \'kit-plain\' >/dev/null'
o_run $'for ((i = 0; i < 100; i++)); do
  pkill -KILL -u \'kit-plain\' || break
  sleep 0.1
done
if ((i == 100)); then echo \'processes of kit-plain do not end\' >&2; exit 1; fi'
o_op 0 delete
o_absent /home/kit-plain.orchestra-incoming recursive
o_settle
o_op 0 delete
o_only_if $'[[ -d \'/home/kit-plain\' && $(stat -c %U -- \'/home/kit-plain\') == \'kit-plain\' ]]'
o_trash /home/kit-plain - $'uid=$(stat -c %u -- \'/home/kit-plain\')
if getent passwd \'kit-plain\' >/dev/null; then
  if [[ $uid != "$(id -u \'kit-plain\')" ]]; then
read -r uid gid < <(stat -c \'%u %g\' -- \'/home/kit-plain\')
find \'/home/kit-plain\' -xdev -user "$uid" -exec chown -h \'kit-plain\' {} +
find \'/home/kit-plain\' -xdev -group "$gid" -exec chgrp -h "$(id -g \'kit-plain\')" {} +
  fi
elif getent passwd "$uid" >/dev/null; then
  echo \'its number belongs to another account now: make the account kit-plain first\' >&2
  exit 1
fi' 'home of kit-plain'
o_op 0 delete
o_only_if $'getent passwd \'kit-plain\' >/dev/null'
o_run $'userdel -- \'kit-plain\''
o_results 0
o_end
# end run
