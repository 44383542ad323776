o_act_in /var/spool/cron/crontabs /var/lib/orchestra/accounts/left /home
o_begin run unix-user 1 60 '«secret:output-token»'
o_for 0
o_exists $'getent passwd \'kit-plain\' >/dev/null'
o_give_up e29bdd686b520f6ee9af25c23b9de68a7e3acd91 kit-plain /var/spool/cron/crontabs/kit-plain /var/lib/orchestra/accounts/left/kit-plain /home/kit-plain.orchestra-incoming /home/kit-plain
o_disown e29bdd686b520f6ee9af25c23b9de68a7e3acd91
o_mark_all
o_op 0 delete
o_only_if $'defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
UID_MIN=1000
if [[ $defs =~ $\'\\n\'[[:blank:]]*UID_MIN[[:blank:]]+([0-9]+) ]]; then UID_MIN=${BASH_REMATCH[1]}; fi
IFS=: read -r _ _ uid _ < <(getent passwd \'kit-plain\') && ((uid < UID_MIN || uid == 65534))'
o_run $'echo \'kit-plain is an account of the system: not ours to manage\' >&2; exit 1'
o_op 0 delete
o_trash /var/spool/cron/crontabs/kit-plain - $'uid=$(stat -c %u -- \'/var/spool/cron/crontabs/kit-plain\')
if getent passwd \'kit-plain\' >/dev/null; then
  if [[ $uid != "$(id -u \'kit-plain\')" ]]; then
chown -h -- "$(id -u -- \'kit-plain\')" \'/var/spool/cron/crontabs/kit-plain\'
  fi
elif getent passwd "$uid" >/dev/null; then
  echo \'its number belongs to another account now: make the account kit-plain first\' >&2
  exit 1
fi' 'crontab of kit-plain'
o_op 0 delete
o_only_if $'getent passwd \'kit-plain\' >/dev/null
jobs=()
for place in \'/var/spool/cron/atjobs\' \'/var/spool/at\'; do
  if [[ -d $place ]]; then mapfile -t -d \'\' -O "${#jobs[@]}" jobs < <(find "$place" -maxdepth 1 -type f -user \'kit-plain\' -print0); fi
done
[[ -e \'/var/mail/kit-plain\' || -L \'/var/mail/kit-plain\' ]] || ((${#jobs[@]}))'
o_run $'jobs=()
for place in \'/var/spool/cron/atjobs\' \'/var/spool/at\'; do
  if [[ -d $place ]]; then mapfile -t -d \'\' -O "${#jobs[@]}" jobs < <(find "$place" -maxdepth 1 -type f -user \'kit-plain\' -print0); fi
done
[[ -e \'/var/mail/kit-plain\' || -L \'/var/mail/kit-plain\' ]] || ((${#jobs[@]}))
(umask 077; mkdir -p -- \'/var/lib/orchestra/accounts/left/kit-plain\')
if [[ -e \'/var/mail/kit-plain\' || -L \'/var/mail/kit-plain\' ]]; then mv -T -- \'/var/mail/kit-plain\' \'/var/lib/orchestra/accounts/left/kit-plain\'/mail; fi
if ((${#jobs[@]})); then mv -t \'/var/lib/orchestra/accounts/left/kit-plain\' -- "${jobs[@]}"; fi'
o_op 0 delete
o_trash /var/lib/orchestra/accounts/left/kit-plain - $'if [[ -e \'/var/lib/orchestra/accounts/left/kit-plain\'/mail && ! -e \'/var/mail/kit-plain\' && ! -L \'/var/mail/kit-plain\' ]]; then
  uid=$(stat -c %u -- \'/var/lib/orchestra/accounts/left/kit-plain\'/mail)
  find \'/var/lib/orchestra/accounts/left/kit-plain\'/mail -xdev -user "$uid" -execdir chown -h --from="$uid" -- \'kit-plain\' {} +
  mv -nT -- \'/var/lib/orchestra/accounts/left/kit-plain\'/mail \'/var/mail/kit-plain\'
fi' 'mail and jobs of kit-plain'
o_op 0 delete
o_only_if $'[[ -e \'/var/lib/systemd/linger/kit-plain\' ]]'
o_run $'loginctl disable-linger \'kit-plain\' 2>/dev/null || true
rm -f -- \'/var/lib/systemd/linger/kit-plain\''
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
o_unless $'o_sound \'/home/kit-plain\''
o_only_if $'[[ -d \'/home/kit-plain\' && $(stat -c %U -- \'/home/kit-plain\') == \'kit-plain\' ]]'
o_run $'o_sound \'/home/kit-plain\''
o_op 0 delete
o_only_if $'[[ -d \'/home/kit-plain\' && $(stat -c %U -- \'/home/kit-plain\') == \'kit-plain\' ]]'
o_trash /home/kit-plain - $'uid=$(stat -c %u -- \'/home/kit-plain\')
if getent passwd \'kit-plain\' >/dev/null; then
  if [[ $uid != "$(id -u \'kit-plain\')" ]]; then
o_sound \'/home/kit-plain\'
read -r uid gid < <(stat -c \'%u %g\' -- \'/home/kit-plain\')
find \'/home/kit-plain\' -xdev -user "$uid" -execdir chown -h --from="$uid" -- "$(id -u -- \'kit-plain\')" {} +
find \'/home/kit-plain\' -xdev -group "$gid" -execdir chown -h --from=":$gid" -- ":$(id -g -- \'kit-plain\')" {} +
  fi
elif getent passwd "$uid" >/dev/null; then
  echo \'its number belongs to another account now: make the account kit-plain first\' >&2
  exit 1
fi' 'home of kit-plain'
o_op 0 delete
o_only_if $'getent passwd \'kit-plain\' >/dev/null'
o_run $'(umask 077; mkdir -p -- \'/var/lib/orchestra/accounts\')
if [[ ! -e \'/var/lib/orchestra/accounts/numbers\' ]]; then
  { compgen -G \'/var/lib/orchestra/trash/*/*/data\' || true; } | while IFS= read -r entry; do stat -c $\'%u\\n%g\' -- "$entry"; done >\'/var/lib/orchestra/accounts/numbers\'
fi
IFS=: read -r _ _ uid gid _ < <(getent passwd \'kit-plain\')
printf \'%s\\n\' "$uid" "$gid" >>\'/var/lib/orchestra/accounts/numbers\'
{ grep -hs \'^kit-plain:\' /etc/subuid /etc/subgid || true; } >>\'/var/lib/orchestra/accounts/ranges\'
(umask 077; mkdir -p -- \'/var/lib/orchestra/accounts/former\')
: >\'/var/lib/orchestra/accounts/former/kit-plain\'
own=$gid
userdel -- \'kit-plain\'
if IFS=: read -r _ _ gid members < <(getent group \'kit-plain\') && [[ $gid == "$own" && ! $members ]]; then
  groupdel -- \'kit-plain\'
fi'
o_results 0
o_end
# end run
