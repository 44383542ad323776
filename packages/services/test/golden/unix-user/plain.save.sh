o_begin run unix-user 1 60 '«secret:output-token»'
o_for 0
o_exists $'getent passwd \'kit-plain\' >/dev/null'
o_own e29bdd686b520f6ee9af25c23b9de68a7e3acd91 kit-plain /var/spool/cron/crontabs/kit-plain /var/lib/orchestra/accounts/left/kit-plain /home/kit-plain.orchestra-incoming /home/kit-plain
o_mark_all
o_op 0 save
o_unless $'[[ -f \'/bin/bash\' && -x \'/bin/bash\' ]]'
o_run $'echo \'the shell /bin/bash of kit-plain is no program on this server\' >&2; exit 1'
o_unless $'defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
UID_MIN=1000
if [[ $defs =~ $\'\\n\'[[:blank:]]*UID_MIN[[:blank:]]+([0-9]+) ]]; then UID_MIN=${BASH_REMATCH[1]}; fi
IFS=: read -r _ _ uid _ < <(getent passwd \'kit-plain\') && ((uid >= UID_MIN && uid != 65534))'
o_run $'if getent passwd \'kit-plain\' >/dev/null; then echo \'kit-plain is an account of the system: not ours to manage\' >&2; exit 1; fi
rules=$(grep -lsE -e \'^[[:space:]]*([^][:space:],=#]+[[:space:]]*,[[:space:]]*)*"?(kit-plain|%kit-plain)"?([[:space:],:=]|$)\' -e \'^[[:space:]]*User_Alias[[:space:]](.*[[:space:],=])?"?(kit-plain|%kit-plain)"?([[:space:],:=]|$)\' /etc/sudoers /etc/sudoers.d/* | tr \'\\n\' \' \') || true
if [[ $rules ]]; then
  echo \'sudo has rules for kit-plain, which are not meant for a new account: remove them, and it can be made:\' "$rules" >&2
  exit 1
fi
rm -f -- \'/var/lib/systemd/linger/kit-plain\'
if IFS=: read -r _ _ number _ < <(getent group \'kit-plain\'); then
  if [[ ! -e \'/var/lib/orchestra/accounts/making\' || $(<\'/var/lib/orchestra/accounts/making\') != \'kit-plain\'" $number" ]]; then
    echo \'there is a group kit-plain already, and the account would get what is the group\'\\\'\'s: remove it, or rename one of them\' >&2
    exit 1
  fi
else
defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
UID_MIN=1000
if [[ $defs =~ $\'\\n\'[[:blank:]]*UID_MIN[[:blank:]]+([0-9]+) ]]; then UID_MIN=${BASH_REMATCH[1]}; fi
UID_MAX=60000
if [[ $defs =~ $\'\\n\'[[:blank:]]*UID_MAX[[:blank:]]+([0-9]+) ]]; then UID_MAX=${BASH_REMATCH[1]}; fi
GID_MIN=1000
if [[ $defs =~ $\'\\n\'[[:blank:]]*GID_MIN[[:blank:]]+([0-9]+) ]]; then GID_MIN=${BASH_REMATCH[1]}; fi
GID_MAX=60000
if [[ $defs =~ $\'\\n\'[[:blank:]]*GID_MAX[[:blank:]]+([0-9]+) ]]; then GID_MAX=${BASH_REMATCH[1]}; fi
(umask 077; mkdir -p -- \'/var/lib/orchestra/accounts\')
if [[ ! -e \'/var/lib/orchestra/accounts/numbers\' ]]; then
  { compgen -G \'/var/lib/orchestra/trash/*/*/data\' || true; } | while IFS= read -r entry; do stat -c $\'%u\\n%g\' -- "$entry"; done >\'/var/lib/orchestra/accounts/numbers\'
fi
number=$({ getent passwd | cut -d: -f3,4 | tr : \'\\n\'; getent group | cut -d: -f3; cat -- \'/var/lib/orchestra/accounts/numbers\'; } | awk \\
  -v least="$((UID_MIN > GID_MIN ? UID_MIN : GID_MIN))" -v most="$((UID_MAX < GID_MAX ? UID_MAX : GID_MAX))" \'
  $1 >= least && $1 <= most { taken[$1 + 0] = 1; if ($1 + 0 > top) top = $1 + 0 }
  END {
    if (!top) top = least - 1
    if (top < most) print top + 1
    else for (i = least + 0; i <= most; i++) if (!(i in taken)) { print i; exit }
  }\')
if [[ ! $number ]]; then
  echo \'every number that login.defs gives to people is or was somebody\'\\\'\'s: raise UID_MAX and GID_MAX there, or take numbers out of /var/lib/orchestra/accounts/numbers of which no file is left\' >&2
  exit 1
fi
echo "$number" >>\'/var/lib/orchestra/accounts/numbers\'
  printf \'%s %s\\n\' \'kit-plain\' "$number" >\'/var/lib/orchestra/accounts/making\'
  groupadd --gid "$number" -- \'kit-plain\'
fi
useradd --uid "$number" --gid "$number" --no-user-group --no-create-home --home-dir \'/home/kit-plain\' --shell \'/bin/bash\' \\
  --comment \'\' --password \'*\' -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -- \'kit-plain\'
rm -f -- \'/var/lib/orchestra/accounts/making\'
defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
SUB_UID_MIN=100000
if [[ $defs =~ $\'\\n\'[[:blank:]]*SUB_UID_MIN[[:blank:]]+([0-9]+) ]]; then SUB_UID_MIN=${BASH_REMATCH[1]}; fi
SUB_UID_MAX=600100000
if [[ $defs =~ $\'\\n\'[[:blank:]]*SUB_UID_MAX[[:blank:]]+([0-9]+) ]]; then SUB_UID_MAX=${BASH_REMATCH[1]}; fi
SUB_UID_COUNT=65536
if [[ $defs =~ $\'\\n\'[[:blank:]]*SUB_UID_COUNT[[:blank:]]+([0-9]+) ]]; then SUB_UID_COUNT=${BASH_REMATCH[1]}; fi
if [[ -e /etc/subuid && -e /etc/subgid ]] && ((SUB_UID_COUNT > 0)); then
  touch -- \'/var/lib/orchestra/accounts/ranges\'
  first=$(awk -F: -v top="$SUB_UID_MIN" \'$2 + $3 > top + 0 { top = $2 + $3 } END { printf "%.0f\\n", top }\' /etc/subuid /etc/subgid \'/var/lib/orchestra/accounts/ranges\')
  last=$((first + SUB_UID_COUNT - 1))
  if ((last <= SUB_UID_MAX)); then
    printf \'%s:%s:%s\\n\' \'kit-plain\' "$first" "$SUB_UID_COUNT" >>\'/var/lib/orchestra/accounts/ranges\'
    usermod --add-subuids "$first-$last" --add-subgids "$first-$last" -- \'kit-plain\'
  else
    echo \'no range of numbers for containers of kit-plain is left: raise SUB_UID_MAX in login.defs\' >&2
  fi
fi'
o_unless $'[[ $(getent passwd \'kit-plain\') == *:\':/home/kit-plain:/bin/bash\' ]]'
o_run $'IFS=: read -r _ _ uid _ _ was _ < <(getent passwd \'kit-plain\')
if [[ $was != \'/home/kit-plain\' ]]; then
for ((i = 0; i < 100; i++)); do
  pkill -KILL -u \'kit-plain\' || break
  sleep 0.1
done
if ((i == 100)); then echo \'processes of kit-plain do not end\' >&2; exit 1; fi
left=$was.orchestra-moved new=\'/home/kit-plain\'.orchestra-moving
if [[ -d $was || -d $left ]]; then o_sound "$was"; fi
o_sound \'/home/kit-plain\'
if [[ ! -d $left && -d $was && ! -L $was && $(stat -c %u -- "$was") == "$uid" ]]; then
  if [[ -e \'/home/kit-plain\' || -L \'/home/kit-plain\' ]]; then echo \'/home/kit-plain exists already\' >&2; exit 1; fi
  mkdir -p -- "$(dirname -- \'/home/kit-plain\')"
  if [[ $(stat -c %m -- "$(dirname -- "$was")") == $(stat -c %m -- "$(dirname -- \'/home/kit-plain\')") ]]; then
    mv -T -- "$was" \'/home/kit-plain\'
  else
    o_unmounted "$was"
    rm -rf --one-file-system -- "$new" \'/home/kit-plain.orchestra-arriving\'
    mkdir -m 700 -- \'/home/kit-plain.orchestra-arriving\' \'/home/kit-plain.orchestra-arriving\'/home
    tar --create --format=posix --sparse --acls --xattrs --xattrs-include=\'*\' --numeric-owner --one-file-system \\
      --warning=no-file-ignored -C "$was" -f - . |
      tar --extract --preserve-permissions --same-owner --acls --xattrs --xattrs-include=\'*\' --numeric-owner \\
        --delay-directory-restore -C \'/home/kit-plain.orchestra-arriving\'/home -f -
    mv -T -- \'/home/kit-plain.orchestra-arriving\'/home "$new"
    mv -T -- "$was" "$left"
    rmdir -- \'/home/kit-plain.orchestra-arriving\'
  fi
fi
if [[ -d $left ]]; then
  if [[ -d $new ]]; then mv -T -- "$new" \'/home/kit-plain\'; fi
  if [[ ! -d \'/home/kit-plain\' ]]; then echo \'/home/kit-plain is not there, so the home before it stays:\' "$left" >&2; exit 1; fi
  o_unmounted "$left"
  rm -rf --one-file-system -- "$left"
fi
incoming="$was".orchestra-incoming
if [[ -d $incoming ]]; then
  o_sound "$was"
  o_unmounted "$incoming"
rm -rf --one-file-system -- "$incoming"
fi
fi
usermod --shell \'/bin/bash\' --comment \'\' --home \'/home/kit-plain\' -- \'kit-plain\''
o_only_if $'[[ -d \'/home/kit-plain\' ]] && uid=$(stat -c %u -- \'/home/kit-plain\') && [[ $uid != 0 && $uid != "$(id -u \'kit-plain\')" ]]'
o_run $'uid=$(stat -c %u -- \'/home/kit-plain\')
if owner=$(getent passwd "$uid"); then
  echo \'/home/kit-plain belongs to another account than kit-plain:\' "${owner%%:*}" >&2
  exit 1
fi
o_sound \'/home/kit-plain\'
read -r uid gid < <(stat -c \'%u %g\' -- \'/home/kit-plain\')
find \'/home/kit-plain\' -xdev -user "$uid" -execdir chown -h --from="$uid" -- "$(id -u -- \'kit-plain\')" {} +
find \'/home/kit-plain\' -xdev -group "$gid" -execdir chown -h --from=":$gid" -- ":$(id -g -- \'kit-plain\')" {} +'
o_unless $'[[ -d \'/home/kit-plain\' ]]'
o_run $'o_sound \'/home/kit-plain\'
defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
HOME_MODE=
if [[ $defs =~ $\'\\n\'[[:blank:]]*HOME_MODE[[:blank:]]+([0-9]+) ]]; then HOME_MODE=${BASH_REMATCH[1]}; fi
UMASK=022
if [[ $defs =~ $\'\\n\'[[:blank:]]*UMASK[[:blank:]]+([0-9]+) ]]; then UMASK=${BASH_REMATCH[1]}; fi
mkdir -p -- "$(dirname -- \'/home/kit-plain\')"
o_unmounted \'/home/kit-plain.orchestra-new\'
rm -rf --one-file-system -- \'/home/kit-plain.orchestra-new\'
mkdir -m 700 -- \'/home/kit-plain.orchestra-new\' \'/home/kit-plain.orchestra-new\'/home
if [[ -d /etc/skel ]]; then cp -R -T --preserve=mode,timestamps,links -- /etc/skel \'/home/kit-plain.orchestra-new\'/home; fi
chown -hR -- "$(id -u -- \'kit-plain\'):$(id -g -- \'kit-plain\')" \'/home/kit-plain.orchestra-new\'/home
chmod -- "${HOME_MODE:-$(printf %o $((0777 & ~8#$UMASK)))}" \'/home/kit-plain.orchestra-new\'/home
mv -nT -- \'/home/kit-plain.orchestra-new\'/home \'/home/kit-plain\'
rmdir -- \'/home/kit-plain.orchestra-new\''
o_unless $'IFS=: read -r _ is _ < <(getent shadow \'kit-plain\') && [[ $is == \'*\' || $is == \'!\' || $is == \'!*\' || $is == \'!!\' ]]'
o_input 'kit-plain:*
'
o_run 'chpasswd --encrypted'
o_results 0
o_end
# end run
