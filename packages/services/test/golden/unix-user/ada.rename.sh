o_begin run unix-user 1 60 '«secret:output-token»'
o_op 0 rename
o_exists $'getent passwd \'kit-ada\' >/dev/null'
o_thing 'group kit-group' $'getent group \'kit-group\' >/dev/null' shared
o_former 38301512879caab3eb070f19a6c64c5d67110d34 kit-ada /var/spool/cron/crontabs/kit-ada /home/kit-ada.orchestra-incoming /home/kit-ada
o_exists $'getent passwd \'kit-eve\' >/dev/null'
o_thing 'group kit-group' $'getent group \'kit-group\' >/dev/null' shared
o_own 23dd97d52ae524de0f2167235fd4958185ba82e3 kit-eve /var/spool/cron/crontabs/kit-eve /home/kit-eve.orchestra-incoming /home/kit-eve
o_disown 38301512879caab3eb070f19a6c64c5d67110d34
o_mark_all
o_op 0 rename
o_only_if $'IFS=: read -r _ _ uid _ < <(getent passwd \'kit-ada\') && ((uid < 1000 || uid == 65534))'
o_run $'echo \'kit-ada is an account of the system: not ours to manage\' >&2; exit 1'
o_only_if $'getent passwd \'kit-ada\' >/dev/null && getent passwd \'kit-eve\' >/dev/null'
o_run $'echo \'there is another account kit-eve: kit-ada stays as it is\' >&2; exit 1'
o_only_if $'IFS=: read -r _ _ _ own _ < <(getent passwd \'kit-ada\' || getent passwd \'kit-eve\') && IFS=: read -r _ _ gid _ < <(getent group \'kit-ada\') && [[ $gid == "$own" ]]'
o_run $'groupmod --new-name \'kit-eve\' -- \'kit-ada\''
o_only_if $'getent passwd \'kit-ada\' >/dev/null'
o_run $'for ((i = 0; i < 100; i++)); do
  pkill -KILL -u \'kit-ada\' || break
  sleep 0.1
done
if ((i == 100)); then echo \'processes of kit-ada do not end\' >&2; exit 1; fi
usermod --login \'kit-eve\' -- \'kit-ada\''
o_only_if $'[[ -e \'/var/spool/cron/crontabs/kit-ada\' ]]'
o_run $'mv -fT -- \'/var/spool/cron/crontabs/kit-ada\' \'/var/spool/cron/crontabs/kit-eve\''
o_only_if $'[[ -e \'/etc/subuid\' && $\'\\n\'$(<\'/etc/subuid\') == *$\'\\n\'\'kit-ada:\'* ]] && ! getent passwd \'kit-ada\' >/dev/null'
o_run $'sed -i \'s/^kit-ada:/kit-eve:/\' \'/etc/subuid\''
o_only_if $'[[ -e \'/etc/subgid\' && $\'\\n\'$(<\'/etc/subgid\') == *$\'\\n\'\'kit-ada:\'* ]] && ! getent passwd \'kit-ada\' >/dev/null'
o_run $'sed -i \'s/^kit-ada:/kit-eve:/\' \'/etc/subgid\''
o_unless $'IFS=: read -r _ _ uid _ < <(getent passwd \'kit-eve\') && ((uid >= 1000 && uid != 65534))'
o_run $'if getent passwd \'kit-eve\' >/dev/null; then echo \'kit-eve is an account of the system: not ours to manage\' >&2; exit 1; fi
useradd --no-create-home --home-dir \'/home/kit-eve\' --shell \'/bin/bash\' --comment \'Ada\' -- \'kit-eve\''
o_unless $'[[ $(getent passwd \'kit-eve\') == *:\'Ada:/home/kit-eve:/bin/bash\' ]]'
o_run $'IFS=: read -r _ _ uid _ _ was _ < <(getent passwd \'kit-eve\')
if [[ $was != \'/home/kit-eve\' ]]; then
for ((i = 0; i < 100; i++)); do
  pkill -KILL -u \'kit-eve\' || break
  sleep 0.1
done
if ((i == 100)); then echo \'processes of kit-eve do not end\' >&2; exit 1; fi
left=$was.orchestra-moved new=\'/home/kit-eve\'.orchestra-moving
if [[ ! -d $left && -d $was && ! -L $was && $(stat -c %u -- "$was") == "$uid" ]]; then
  if [[ -e \'/home/kit-eve\' || -L \'/home/kit-eve\' ]]; then echo \'/home/kit-eve exists already\' >&2; exit 1; fi
  mkdir -p -- "$(dirname -- \'/home/kit-eve\')"
  if [[ $(stat -c %m -- "$(dirname -- "$was")") == $(stat -c %m -- "$(dirname -- \'/home/kit-eve\')") ]]; then
    mv -T -- "$was" \'/home/kit-eve\'
  else
    rm -rf -- "$new"
    cp -a -T -- "$was" "$new"
    mv -T -- "$was" "$left"
  fi
fi
if [[ -d $left ]]; then
  if [[ -d $new ]]; then mv -T -- "$new" \'/home/kit-eve\'; fi
  if [[ ! -d \'/home/kit-eve\' ]]; then echo \'/home/kit-eve is not there, so the home before it stays:\' "$left" >&2; exit 1; fi
  rm -rf -- "$left"
fi
fi
usermod --shell \'/bin/bash\' --comment \'Ada\' --home \'/home/kit-eve\' -- \'kit-eve\''
o_only_if $'uid=$(stat -c %u -- \'/home/kit-eve\') && [[ $uid != "$(id -u \'kit-eve\')" ]] && ! getent passwd "$uid" >/dev/null'
o_run $'read -r uid gid < <(stat -c \'%u %g\' -- \'/home/kit-eve\')
find \'/home/kit-eve\' -xdev -user "$uid" -exec chown -h \'kit-eve\' {} +
find \'/home/kit-eve\' -xdev -group "$gid" -exec chgrp -h "$(id -g \'kit-eve\')" {} +'
o_unless $'[[ -d \'/home/kit-eve\' ]]'
o_run $'mkdir -p -- "$(dirname -- \'/home/kit-eve\')"
mkhomedir_helper \'kit-eve\''
o_unless $'should=(\'kit-group\')
read -ra is < <(id -nG -- \'kit-eve\')
for group in "${should[@]}"; do [[ " ${is[*]} " == *" $group "* ]] || exit 1; done
for group in "${is[@]:1}"; do [[ " ${should[*]} " == *" $group "* ]] || exit 1; done'
o_run $'for group in \'kit-group\'; do getent group "$group" >/dev/null || groupadd -- "$group"; done
usermod --groups \'kit-group\' -- \'kit-eve\''
o_shows $'IFS=: read -r _ is _ < <(getent shadow \'kit-eve\') && [[ $is == \'«secret:account.crypted»\' ]]' $'IFS=: read -r _ is _ < <(getent shadow \'kit-eve\') && [[ $is == \'«secret:account.crypted»\' ]]'
o_unless $'IFS=: read -r _ is _ < <(getent shadow \'kit-eve\') && [[ $is == \'«secret:account.crypted»\' ]]'
o_input 'kit-eve:«secret:account.crypted»
'
o_run 'chpasswd --encrypted'
o_results 0
o_end
# end run
