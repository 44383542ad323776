o_begin run unix-user 1 60 '«secret:output-token»'
o_op 0 save
o_exists $'getent passwd \'kit-plain\' >/dev/null'
o_own e29bdd686b520f6ee9af25c23b9de68a7e3acd91 kit-plain /var/spool/cron/crontabs/kit-plain /home/kit-plain.orchestra-incoming /home/kit-plain
o_mark_all
o_op 0 save
o_unless $'IFS=: read -r _ _ uid _ < <(getent passwd \'kit-plain\') && ((uid >= 1000 && uid != 65534))'
o_run $'if getent passwd \'kit-plain\' >/dev/null; then echo \'kit-plain is an account of the system: not ours to manage\' >&2; exit 1; fi
useradd --no-create-home --home-dir \'/home/kit-plain\' --shell \'/bin/bash\' --comment \'\' -- \'kit-plain\''
o_unless $'[[ $(getent passwd \'kit-plain\') == *:\':/home/kit-plain:/bin/bash\' ]]'
o_run $'IFS=: read -r _ _ uid _ _ was _ < <(getent passwd \'kit-plain\')
if [[ $was != \'/home/kit-plain\' ]]; then
for ((i = 0; i < 100; i++)); do
  pkill -KILL -u \'kit-plain\' || break
  sleep 0.1
done
if ((i == 100)); then echo \'processes of kit-plain do not end\' >&2; exit 1; fi
left=$was.orchestra-moved new=\'/home/kit-plain\'.orchestra-moving
if [[ ! -d $left && -d $was && ! -L $was && $(stat -c %u -- "$was") == "$uid" ]]; then
  if [[ -e \'/home/kit-plain\' || -L \'/home/kit-plain\' ]]; then echo \'/home/kit-plain exists already\' >&2; exit 1; fi
  mkdir -p -- "$(dirname -- \'/home/kit-plain\')"
  if [[ $(stat -c %m -- "$(dirname -- "$was")") == $(stat -c %m -- "$(dirname -- \'/home/kit-plain\')") ]]; then
    mv -T -- "$was" \'/home/kit-plain\'
  else
    rm -rf -- "$new"
    cp -a -T -- "$was" "$new"
    mv -T -- "$was" "$left"
  fi
fi
if [[ -d $left ]]; then
  if [[ -d $new ]]; then mv -T -- "$new" \'/home/kit-plain\'; fi
  if [[ ! -d \'/home/kit-plain\' ]]; then echo \'/home/kit-plain is not there, so the home before it stays:\' "$left" >&2; exit 1; fi
  rm -rf -- "$left"
fi
fi
usermod --shell \'/bin/bash\' --comment \'\' --home \'/home/kit-plain\' -- \'kit-plain\''
o_only_if $'uid=$(stat -c %u -- \'/home/kit-plain\') && [[ $uid != "$(id -u \'kit-plain\')" ]] && ! getent passwd "$uid" >/dev/null'
o_run $'read -r uid gid < <(stat -c \'%u %g\' -- \'/home/kit-plain\')
find \'/home/kit-plain\' -xdev -user "$uid" -exec chown -h \'kit-plain\' {} +
find \'/home/kit-plain\' -xdev -group "$gid" -exec chgrp -h "$(id -g \'kit-plain\')" {} +'
o_unless $'[[ -d \'/home/kit-plain\' ]]'
o_run $'mkdir -p -- "$(dirname -- \'/home/kit-plain\')"
mkhomedir_helper \'kit-plain\''
o_unless $'IFS=: read -r _ is _ < <(getent shadow \'kit-plain\') && [[ $is == \'!\' ]]'
o_input 'kit-plain:!
'
o_run 'chpasswd --encrypted'
o_results 0
o_end
# end run
