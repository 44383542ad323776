o_begin run unix-user 1 60 '«secret:output-token»'
o_op 0 save
o_exists $'getent passwd \'kit-ada\' >/dev/null'
o_thing 'group kit-group' $'getent group \'kit-group\' >/dev/null' shared
o_own 38301512879caab3eb070f19a6c64c5d67110d34 kit-ada /var/spool/cron/crontabs/kit-ada /home/kit-ada.orchestra-incoming /home/kit-ada
o_mark_all
o_op 0 save
o_unless $'IFS=: read -r _ _ uid _ < <(getent passwd \'kit-ada\') && ((uid >= 1000 && uid != 65534))'
o_run $'if getent passwd \'kit-ada\' >/dev/null; then echo \'kit-ada is an account of the system: not ours to manage\' >&2; exit 1; fi
useradd --no-create-home --home-dir \'/home/kit-ada\' --shell \'/bin/bash\' --comment \'Ada\' -- \'kit-ada\''
o_unless $'[[ $(getent passwd \'kit-ada\') == *:\'Ada:/home/kit-ada:/bin/bash\' ]]'
o_run $'IFS=: read -r _ _ uid _ _ was _ < <(getent passwd \'kit-ada\')
if [[ $was != \'/home/kit-ada\' ]]; then
for ((i = 0; i < 100; i++)); do
  pkill -KILL -u \'kit-ada\' || break
  sleep 0.1
done
if ((i == 100)); then echo \'processes of kit-ada do not end\' >&2; exit 1; fi
left=$was.orchestra-moved new=\'/home/kit-ada\'.orchestra-moving
if [[ ! -d $left && -d $was && ! -L $was && $(stat -c %u -- "$was") == "$uid" ]]; then
  if [[ -e \'/home/kit-ada\' || -L \'/home/kit-ada\' ]]; then echo \'/home/kit-ada exists already\' >&2; exit 1; fi
  mkdir -p -- "$(dirname -- \'/home/kit-ada\')"
  if [[ $(stat -c %m -- "$(dirname -- "$was")") == $(stat -c %m -- "$(dirname -- \'/home/kit-ada\')") ]]; then
    mv -T -- "$was" \'/home/kit-ada\'
  else
    rm -rf -- "$new"
    cp -a -T -- "$was" "$new"
    mv -T -- "$was" "$left"
  fi
fi
if [[ -d $left ]]; then
  if [[ -d $new ]]; then mv -T -- "$new" \'/home/kit-ada\'; fi
  if [[ ! -d \'/home/kit-ada\' ]]; then echo \'/home/kit-ada is not there, so the home before it stays:\' "$left" >&2; exit 1; fi
  rm -rf -- "$left"
fi
fi
usermod --shell \'/bin/bash\' --comment \'Ada\' --home \'/home/kit-ada\' -- \'kit-ada\''
o_only_if $'uid=$(stat -c %u -- \'/home/kit-ada\') && [[ $uid != "$(id -u \'kit-ada\')" ]] && ! getent passwd "$uid" >/dev/null'
o_run $'read -r uid gid < <(stat -c \'%u %g\' -- \'/home/kit-ada\')
find \'/home/kit-ada\' -xdev -user "$uid" -exec chown -h \'kit-ada\' {} +
find \'/home/kit-ada\' -xdev -group "$gid" -exec chgrp -h "$(id -g \'kit-ada\')" {} +'
o_unless $'[[ -d \'/home/kit-ada\' ]]'
o_run $'mkdir -p -- "$(dirname -- \'/home/kit-ada\')"
mkhomedir_helper \'kit-ada\''
o_unless $'should=(\'kit-group\')
read -ra is < <(id -nG -- \'kit-ada\')
for group in "${should[@]}"; do [[ " ${is[*]} " == *" $group "* ]] || exit 1; done
for group in "${is[@]:1}"; do [[ " ${should[*]} " == *" $group "* ]] || exit 1; done'
o_run $'for group in \'kit-group\'; do getent group "$group" >/dev/null || groupadd -- "$group"; done
usermod --groups \'kit-group\' -- \'kit-ada\''
o_shows $'IFS=: read -r _ is _ < <(getent shadow \'kit-ada\') && [[ $is == \'«secret:account.crypted»\' ]]' $'IFS=: read -r _ is _ < <(getent shadow \'kit-ada\') && [[ $is == \'«secret:account.crypted»\' ]]'
o_unless $'IFS=: read -r _ is _ < <(getent shadow \'kit-ada\') && [[ $is == \'«secret:account.crypted»\' ]]'
o_input 'kit-ada:«secret:account.crypted»
'
o_run 'chpasswd --encrypted'
o_results 0
o_end
# end run
