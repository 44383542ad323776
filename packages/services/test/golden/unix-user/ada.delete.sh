o_act_in /var/spool/cron/crontabs /var/lib/orchestra/accounts/left /home
o_begin run unix-user 1 60 '«secret:output-token»'
o_for 0
o_exists $'getent passwd \'kit-ada\' >/dev/null'
o_thing 'group kit-group' $'getent group \'kit-group\' >/dev/null' shared
o_give_up 38301512879caab3eb070f19a6c64c5d67110d34 kit-ada /var/spool/cron/crontabs/kit-ada /var/lib/orchestra/accounts/left/kit-ada /home/kit-ada.orchestra-incoming /home/kit-ada
o_disown 38301512879caab3eb070f19a6c64c5d67110d34
o_mark_all
o_op 0 delete
o_only_if $'defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
UID_MIN=1000
if [[ $defs =~ $\'\\n\'[[:blank:]]*UID_MIN[[:blank:]]+([0-9]+) ]]; then UID_MIN=${BASH_REMATCH[1]}; fi
IFS=: read -r _ _ uid _ < <(getent passwd \'kit-ada\') && ((uid < UID_MIN || uid == 65534))'
o_run $'echo \'kit-ada is an account of the system: not ours to manage\' >&2; exit 1'
o_op 0 delete
o_trash /var/spool/cron/crontabs/kit-ada - $'uid=$(stat -c %u -- \'/var/spool/cron/crontabs/kit-ada\')
if getent passwd \'kit-ada\' >/dev/null; then
  if [[ $uid != "$(id -u \'kit-ada\')" ]]; then
chown -h -- "$(id -u -- \'kit-ada\')" \'/var/spool/cron/crontabs/kit-ada\'
  fi
elif getent passwd "$uid" >/dev/null; then
  echo \'its number belongs to another account now: make the account kit-ada first\' >&2
  exit 1
fi' 'crontab of kit-ada'
o_op 0 delete
o_only_if $'getent passwd \'kit-ada\' >/dev/null
jobs=()
for place in \'/var/spool/cron/atjobs\' \'/var/spool/at\'; do
  if [[ -d $place ]]; then mapfile -t -d \'\' -O "${#jobs[@]}" jobs < <(find "$place" -maxdepth 1 -type f -user \'kit-ada\' -print0); fi
done
[[ -e \'/var/mail/kit-ada\' || -L \'/var/mail/kit-ada\' ]] || ((${#jobs[@]}))'
o_run $'jobs=()
for place in \'/var/spool/cron/atjobs\' \'/var/spool/at\'; do
  if [[ -d $place ]]; then mapfile -t -d \'\' -O "${#jobs[@]}" jobs < <(find "$place" -maxdepth 1 -type f -user \'kit-ada\' -print0); fi
done
[[ -e \'/var/mail/kit-ada\' || -L \'/var/mail/kit-ada\' ]] || ((${#jobs[@]}))
(umask 077; mkdir -p -- \'/var/lib/orchestra/accounts/left/kit-ada\')
if [[ -e \'/var/mail/kit-ada\' || -L \'/var/mail/kit-ada\' ]]; then mv -T -- \'/var/mail/kit-ada\' \'/var/lib/orchestra/accounts/left/kit-ada\'/mail; fi
if ((${#jobs[@]})); then mv -t \'/var/lib/orchestra/accounts/left/kit-ada\' -- "${jobs[@]}"; fi'
o_op 0 delete
o_trash /var/lib/orchestra/accounts/left/kit-ada - $'if [[ -e \'/var/lib/orchestra/accounts/left/kit-ada\'/mail && ! -e \'/var/mail/kit-ada\' && ! -L \'/var/mail/kit-ada\' ]]; then
  uid=$(stat -c %u -- \'/var/lib/orchestra/accounts/left/kit-ada\'/mail)
  find \'/var/lib/orchestra/accounts/left/kit-ada\'/mail -xdev -user "$uid" -execdir chown -h --from="$uid" -- \'kit-ada\' {} +
  mv -nT -- \'/var/lib/orchestra/accounts/left/kit-ada\'/mail \'/var/mail/kit-ada\'
fi' 'mail and jobs of kit-ada'
o_op 0 delete
o_only_if $'[[ -e \'/var/lib/systemd/linger/kit-ada\' ]]'
o_run $'loginctl disable-linger \'kit-ada\' 2>/dev/null || true
rm -f -- \'/var/lib/systemd/linger/kit-ada\''
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
o_unless $'o_sound \'/home/kit-ada\''
o_only_if $'[[ -d \'/home/kit-ada\' && $(stat -c %U -- \'/home/kit-ada\') == \'kit-ada\' ]]'
o_run $'o_sound \'/home/kit-ada\''
o_op 0 delete
o_only_if $'[[ -d \'/home/kit-ada\' && $(stat -c %U -- \'/home/kit-ada\') == \'kit-ada\' ]]'
o_trash /home/kit-ada - $'uid=$(stat -c %u -- \'/home/kit-ada\')
if getent passwd \'kit-ada\' >/dev/null; then
  if [[ $uid != "$(id -u \'kit-ada\')" ]]; then
o_sound \'/home/kit-ada\'
read -r uid gid < <(stat -c \'%u %g\' -- \'/home/kit-ada\')
find \'/home/kit-ada\' -xdev -user "$uid" -execdir chown -h --from="$uid" -- "$(id -u -- \'kit-ada\')" {} +
find \'/home/kit-ada\' -xdev -group "$gid" -execdir chown -h --from=":$gid" -- ":$(id -g -- \'kit-ada\')" {} +
  fi
elif getent passwd "$uid" >/dev/null; then
  echo \'its number belongs to another account now: make the account kit-ada first\' >&2
  exit 1
fi' 'home of kit-ada'
o_op 0 delete
o_only_if $'getent passwd \'kit-ada\' >/dev/null'
o_run $'(umask 077; mkdir -p -- \'/var/lib/orchestra/accounts\')
if [[ ! -e \'/var/lib/orchestra/accounts/numbers\' ]]; then
  { compgen -G \'/var/lib/orchestra/trash/*/*/data\' || true; } | while IFS= read -r entry; do stat -c $\'%u\\n%g\' -- "$entry"; done >\'/var/lib/orchestra/accounts/numbers\'
fi
IFS=: read -r _ _ uid gid _ < <(getent passwd \'kit-ada\')
printf \'%s\\n\' "$uid" "$gid" >>\'/var/lib/orchestra/accounts/numbers\'
{ grep -hs \'^kit-ada:\' /etc/subuid /etc/subgid || true; } >>\'/var/lib/orchestra/accounts/ranges\'
(umask 077; mkdir -p -- \'/var/lib/orchestra/accounts/former\')
: >\'/var/lib/orchestra/accounts/former/kit-ada\'
own=$gid
userdel -- \'kit-ada\'
if IFS=: read -r _ _ gid members < <(getent group \'kit-ada\') && [[ $gid == "$own" && ! $members ]]; then
  groupdel -- \'kit-ada\'
fi'
o_results 0
o_end
# end run
