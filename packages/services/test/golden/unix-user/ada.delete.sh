o_begin run unix-user 1 60 '«secret:output-token»'
o_look /var/spool/cron/crontabs /home
o_op 0 delete
o_exists $'getent passwd \'kit-ada\' >/dev/null'
o_thing 'group kit-group' $'getent group \'kit-group\' >/dev/null' shared
o_give_up 38301512879caab3eb070f19a6c64c5d67110d34 kit-ada /var/spool/cron/crontabs/kit-ada /home/kit-ada.orchestra-incoming /home/kit-ada
o_disown 38301512879caab3eb070f19a6c64c5d67110d34
o_mark_all
o_op 0 delete
o_only_if $'IFS=: read -r _ _ uid _ < <(getent passwd \'kit-ada\') && ((uid < 1000 || uid == 65534))'
o_run $'echo \'kit-ada is an account of the system: not ours to manage\' >&2; exit 1'
o_op 0 delete
o_trash /var/spool/cron/crontabs/kit-ada - $'uid=$(stat -c %u -- \'/var/spool/cron/crontabs/kit-ada\')
if getent passwd \'kit-ada\' >/dev/null; then
  if [[ $uid != "$(id -u \'kit-ada\')" ]]; then
read -r uid gid < <(stat -c \'%u %g\' -- \'/var/spool/cron/crontabs/kit-ada\')
find \'/var/spool/cron/crontabs/kit-ada\' -xdev -user "$uid" -exec chown -h \'kit-ada\' {} +
find \'/var/spool/cron/crontabs/kit-ada\' -xdev -group "$gid" -exec chgrp -h "$(id -g \'kit-ada\')" {} +
  fi
elif getent passwd "$uid" >/dev/null; then
  echo \'its number belongs to another account now: make the account kit-ada first\' >&2
  exit 1
fi' 'crontab of kit-ada'
o_op 0 delete
o_only_if $'pgrep -u \'kit-ada\' >/dev/null'
o_run $'for ((i = 0; i < 100; i++)); do
  pkill -KILL -u \'kit-ada\' || break
  sleep 0.1
done
if ((i == 100)); then echo \'processes of kit-ada do not end\' >&2; exit 1; fi'
o_op 0 delete
o_absent /home/kit-ada.orchestra-incoming recursive
o_settle
o_op 0 delete
o_only_if $'[[ -d \'/home/kit-ada\' && $(stat -c %U -- \'/home/kit-ada\') == \'kit-ada\' ]]'
o_trash /home/kit-ada - $'uid=$(stat -c %u -- \'/home/kit-ada\')
if getent passwd \'kit-ada\' >/dev/null; then
  if [[ $uid != "$(id -u \'kit-ada\')" ]]; then
read -r uid gid < <(stat -c \'%u %g\' -- \'/home/kit-ada\')
find \'/home/kit-ada\' -xdev -user "$uid" -exec chown -h \'kit-ada\' {} +
find \'/home/kit-ada\' -xdev -group "$gid" -exec chgrp -h "$(id -g \'kit-ada\')" {} +
  fi
elif getent passwd "$uid" >/dev/null; then
  echo \'its number belongs to another account now: make the account kit-ada first\' >&2
  exit 1
fi' 'home of kit-ada'
o_op 0 delete
o_only_if $'getent passwd \'kit-ada\' >/dev/null'
o_run $'userdel -- \'kit-ada\''
o_results 0
o_end
# end run
