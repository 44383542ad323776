o_begin run unix-user 1 60 '«secret:output-token»'
o_for 0
o_exists $'getent passwd \'kit-ada\' >/dev/null'
o_thing 'group kit-group' $'getent group \'kit-group\' >/dev/null' shared
o_own 38301512879caab3eb070f19a6c64c5d67110d34 kit-ada /var/spool/cron/crontabs/kit-ada /var/lib/orchestra/accounts/left/kit-ada /home/kit-ada.orchestra-incoming /home/kit-ada
o_mark_all
o_op 0 save
o_unless $'[[ -f \'/bin/bash\' && -x \'/bin/bash\' ]]'
o_run $'echo \'the shell /bin/bash of kit-ada is no program on this server\' >&2; exit 1'
o_only_if $'refused=()
defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
GID_MIN=1000
if [[ $defs =~ $\'\\n\'[[:blank:]]*GID_MIN[[:blank:]]+([0-9]+) ]]; then GID_MIN=${BASH_REMATCH[1]}; fi
while IFS=: read -r group _ gid _; do
  if ((gid < GID_MIN || gid == 65534)); then refused+=("$group"); fi
done < <(getent group \'kit-group\')
((${#refused[@]}))'
o_run $'refused=()
defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
GID_MIN=1000
if [[ $defs =~ $\'\\n\'[[:blank:]]*GID_MIN[[:blank:]]+([0-9]+) ]]; then GID_MIN=${BASH_REMATCH[1]}; fi
while IFS=: read -r group _ gid _; do
  if ((gid < GID_MIN || gid == 65534)); then refused+=("$group"); fi
done < <(getent group \'kit-group\')
((${#refused[@]}))
printf \'%s is a group of the system: who may be in it is said by allowGroups of the backend\\n\' "${refused[@]}" >&2
exit 1'
o_unless $'defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
UID_MIN=1000
if [[ $defs =~ $\'\\n\'[[:blank:]]*UID_MIN[[:blank:]]+([0-9]+) ]]; then UID_MIN=${BASH_REMATCH[1]}; fi
IFS=: read -r _ _ uid _ < <(getent passwd \'kit-ada\') && ((uid >= UID_MIN && uid != 65534))'
o_run $'if getent passwd \'kit-ada\' >/dev/null; then echo \'kit-ada is an account of the system: not ours to manage\' >&2; exit 1; fi
rules=$(grep -lsE -e \'^[[:space:]]*([^][:space:],=#]+[[:space:]]*,[[:space:]]*)*"?(kit-ada|%kit-ada)"?([[:space:],:=]|$)\' -e \'^[[:space:]]*User_Alias[[:space:]](.*[[:space:],=])?"?(kit-ada|%kit-ada)"?([[:space:],:=]|$)\' /etc/sudoers /etc/sudoers.d/* | tr \'\\n\' \' \') || true
if [[ $rules ]]; then
  echo \'sudo has rules for kit-ada, which are not meant for a new account: remove them, and it can be made:\' "$rules" >&2
  exit 1
fi
rm -f -- \'/var/lib/systemd/linger/kit-ada\'
if IFS=: read -r _ _ number _ < <(getent group \'kit-ada\'); then
  if [[ ! -e \'/var/lib/orchestra/accounts/making\' || $(<\'/var/lib/orchestra/accounts/making\') != \'kit-ada\'" $number" ]]; then
    echo \'there is a group kit-ada already, and the account would get what is the group\'\\\'\'s: remove it, or rename one of them\' >&2
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
  printf \'%s %s\\n\' \'kit-ada\' "$number" >\'/var/lib/orchestra/accounts/making\'
  groupadd --gid "$number" -- \'kit-ada\'
fi
useradd --uid "$number" --gid "$number" --no-user-group --no-create-home --home-dir \'/home/kit-ada\' --shell \'/bin/bash\' \\
  --comment \'Ada\' --password \'*\' -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -- \'kit-ada\'
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
    printf \'%s:%s:%s\\n\' \'kit-ada\' "$first" "$SUB_UID_COUNT" >>\'/var/lib/orchestra/accounts/ranges\'
    usermod --add-subuids "$first-$last" --add-subgids "$first-$last" -- \'kit-ada\'
  else
    echo \'no range of numbers for containers of kit-ada is left: raise SUB_UID_MAX in login.defs\' >&2
  fi
fi'
o_unless $'[[ $(getent passwd \'kit-ada\') == *:\'Ada:/home/kit-ada:/bin/bash\' ]]'
o_run $'IFS=: read -r _ _ uid _ _ was _ < <(getent passwd \'kit-ada\')
if [[ $was != \'/home/kit-ada\' ]]; then
for ((i = 0; i < 100; i++)); do
  pkill -KILL -u \'kit-ada\' || break
  sleep 0.1
done
if ((i == 100)); then echo \'processes of kit-ada do not end\' >&2; exit 1; fi
left=$was.orchestra-moved new=\'/home/kit-ada\'.orchestra-moving
if [[ -d $was || -d $left ]]; then o_sound "$was"; fi
o_sound \'/home/kit-ada\'
if [[ ! -d $left && -d $was && ! -L $was && $(stat -c %u -- "$was") == "$uid" ]]; then
  if [[ -e \'/home/kit-ada\' || -L \'/home/kit-ada\' ]]; then echo \'/home/kit-ada exists already\' >&2; exit 1; fi
  mkdir -p -- "$(dirname -- \'/home/kit-ada\')"
  if [[ $(stat -c %m -- "$(dirname -- "$was")") == $(stat -c %m -- "$(dirname -- \'/home/kit-ada\')") ]]; then
    mv -T -- "$was" \'/home/kit-ada\'
  else
    o_unmounted "$was"
    rm -rf --one-file-system -- "$new" \'/home/kit-ada.orchestra-arriving\'
    mkdir -m 700 -- \'/home/kit-ada.orchestra-arriving\' \'/home/kit-ada.orchestra-arriving\'/home
    tar --create --format=posix --sparse --acls --xattrs --xattrs-include=\'*\' --numeric-owner --one-file-system \\
      --warning=no-file-ignored -C "$was" -f - . |
      tar --extract --preserve-permissions --same-owner --acls --xattrs --xattrs-include=\'*\' --numeric-owner \\
        --delay-directory-restore -C \'/home/kit-ada.orchestra-arriving\'/home -f -
    mv -T -- \'/home/kit-ada.orchestra-arriving\'/home "$new"
    mv -T -- "$was" "$left"
    rmdir -- \'/home/kit-ada.orchestra-arriving\'
  fi
fi
if [[ -d $left ]]; then
  if [[ -d $new ]]; then mv -T -- "$new" \'/home/kit-ada\'; fi
  if [[ ! -d \'/home/kit-ada\' ]]; then echo \'/home/kit-ada is not there, so the home before it stays:\' "$left" >&2; exit 1; fi
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
usermod --shell \'/bin/bash\' --comment \'Ada\' --home \'/home/kit-ada\' -- \'kit-ada\''
o_only_if $'[[ -d \'/home/kit-ada\' ]] && uid=$(stat -c %u -- \'/home/kit-ada\') && [[ $uid != 0 && $uid != "$(id -u \'kit-ada\')" ]]'
o_run $'uid=$(stat -c %u -- \'/home/kit-ada\')
if owner=$(getent passwd "$uid"); then
  echo \'/home/kit-ada belongs to another account than kit-ada:\' "${owner%%:*}" >&2
  exit 1
fi
o_sound \'/home/kit-ada\'
read -r uid gid < <(stat -c \'%u %g\' -- \'/home/kit-ada\')
find \'/home/kit-ada\' -xdev -user "$uid" -execdir chown -h --from="$uid" -- "$(id -u -- \'kit-ada\')" {} +
find \'/home/kit-ada\' -xdev -group "$gid" -execdir chown -h --from=":$gid" -- ":$(id -g -- \'kit-ada\')" {} +'
o_unless $'[[ -d \'/home/kit-ada\' ]]'
o_run $'o_sound \'/home/kit-ada\'
defs=$\'\\n\'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
HOME_MODE=
if [[ $defs =~ $\'\\n\'[[:blank:]]*HOME_MODE[[:blank:]]+([0-9]+) ]]; then HOME_MODE=${BASH_REMATCH[1]}; fi
UMASK=022
if [[ $defs =~ $\'\\n\'[[:blank:]]*UMASK[[:blank:]]+([0-9]+) ]]; then UMASK=${BASH_REMATCH[1]}; fi
mkdir -p -- "$(dirname -- \'/home/kit-ada\')"
o_unmounted \'/home/kit-ada.orchestra-new\'
rm -rf --one-file-system -- \'/home/kit-ada.orchestra-new\'
mkdir -m 700 -- \'/home/kit-ada.orchestra-new\' \'/home/kit-ada.orchestra-new\'/home
if [[ -d /etc/skel ]]; then cp -R -T --preserve=mode,timestamps,links -- /etc/skel \'/home/kit-ada.orchestra-new\'/home; fi
chown -hR -- "$(id -u -- \'kit-ada\'):$(id -g -- \'kit-ada\')" \'/home/kit-ada.orchestra-new\'/home
chmod -- "${HOME_MODE:-$(printf %o $((0777 & ~8#$UMASK)))}" \'/home/kit-ada.orchestra-new\'/home
mv -nT -- \'/home/kit-ada.orchestra-new\'/home \'/home/kit-ada\'
rmdir -- \'/home/kit-ada.orchestra-new\''
o_unless $'getent group \'kit-group\' >/dev/null'
o_run $'rules=$(grep -lsE -e \'^[[:space:]]*([^][:space:],=#]+[[:space:]]*,[[:space:]]*)*"?(%kit-group)"?([[:space:],:=]|$)\' -e \'^[[:space:]]*User_Alias[[:space:]](.*[[:space:],=])?"?(%kit-group)"?([[:space:],:=]|$)\' /etc/sudoers /etc/sudoers.d/* | tr \'\\n\' \' \') || true
if [[ $rules ]]; then
  echo \'sudo has rules for the group kit-group: remove them, or say by allowGroups of the backend that rows may name it:\' "$rules" >&2
  exit 1
fi
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
groupadd --gid "$number" -- \'kit-group\''
o_unless $'should=(\'kit-group\')
read -ra is < <(id -nG -- \'kit-ada\')
for group in "${should[@]}"; do [[ " ${is[*]} " == *" $group "* ]] || exit 1; done
for group in "${is[@]:1}"; do [[ " ${should[*]} " == *" $group "* ]] || exit 1; done'
o_run $'usermod --groups \'kit-group\' -- \'kit-ada\''
o_shows $'IFS=: read -r _ is _ < <(getent shadow \'kit-ada\') && [[ $is == \'«secret:account.crypted»\' ]]' $'IFS=: read -r _ is _ < <(getent shadow \'kit-ada\') && [[ $is == \'«secret:account.crypted»\' ]]'
o_unless $'IFS=: read -r _ is _ < <(getent shadow \'kit-ada\') && [[ $is == \'«secret:account.crypted»\' ]]'
o_input 'kit-ada:«secret:account.crypted»
'
o_run $'IFS= read -r line
if command -v perl >/dev/null; then
  answer=0
  printf %s "${line#*:}" | timeout \'5\' perl -e \'
    my $is = <STDIN>; my $made = crypt("", $is) // "";
    exit(substr($made, 0, rindex($is, "\\$")) eq substr($is, 0, rindex($is, "\\$")) && length($made) == length($is) ? 0 : 3)\' || answer=$?
  case $answer in
    0) ;;
    124) echo \'the hash of kit-ada takes longer than 5 s to check: nobody could log in\' >&2; exit 1 ;;
    *) echo \'this server cannot check a password against the hash of kit-ada: nobody could log in\' >&2; exit 1 ;;
  esac
fi
printf \'%s\\n\' "$line" | chpasswd --encrypted'
o_results 0
o_end
# end run
