# shellcheck shell=bash disable=SC2034
# Where we may act. Stands in front of the prelude and of the inspection. All names start with o_.
#
# Root never acts by name where somebody else can put a link. A directory is ours when it belongs to root (or to us), nobody else
# may write into it, it is no link, and the same holds for each directory above it. That is looked at from the top: who may write
# into a directory alone decides what its names lead to. So what was seen of a name in a directory of ours holds until we, or
# another process of root's, change it, and there is no moment in between for anybody else. What we change ourselves is looked at
# again. In a directory of somebody else's we act as that user; where it is not clear whose it is, not at all.

# Verdicts: `ok`; `sticky`, like /tmp: what is ours there stays ours, but anybody may make a name that is not there yet; `as:UID`,
# a place of this user's; `no:WHY`.
# What o_weigh says of a directory of root's that all may read is known: most are such.
declare -gA o_rulings=() o_facts=() o_shut=() o_plain=([0:0:41ed]=1) o_groups=() o_sole=() o_people=()
o_looked=() o_unseen=() o_here=''

# o_act_in DIRECTORY...: the steps that follow act in these; one look at all of them is enough.
o_act_in() {
  o_looked=("$@") o_unseen=("$@")
}

# After a command ran that may have changed anything.
o_unsee() {
  o_rulings=() o_facts=() o_shut=() o_groups=() o_sole=() o_unseen=("${o_looked[@]}")
}

# o_absolute PATH: o_whole, as the kernel would name it. An empty one is what stands above a name in the root.
o_absolute() {
  o_whole=${1:-/}
  [[ $o_whole != /* ]] || return 0
  [[ $o_here ]] || { cd -P . && o_here=$PWD; }
  o_whole=${o_here%/}/${1#./}
  [[ $1 != . ]] || o_whole=$o_here
}

# o_judge DIRECTORY: o_ruling says who may act in it.
o_judge() {
  local dir=$1
  [[ $dir == /* ]] || { o_absolute "$1"; dir=$o_whole; }
  dir=${dir%/}
  o_ruling=${o_rulings[${dir:-/}]-}
  if [[ ! $o_ruling ]]; then
    [[ ${o_facts[${dir:-/}]-} ]] || o_see "$dir"
    o_decide "$dir"
  fi
  # The next step there asks by the same words.
  [[ ! $1 || $1 == /* ]] || o_rulings[$1]=$o_ruling
}

# o_see DIRECTORY: what it is, and what all those are that were named by o_act_in and not seen yet, and all above them: one lstat.
o_see() {
  local one facts=() names=() k=0
  for one in "${o_unseen[@]}" "$1"; do
    [[ $one == /* ]] || { o_absolute "$one"; one=$o_whole; }
    one=${one%/}
    while [[ ! ${o_facts[${one:-/}]-} ]]; do
      o_facts[${one:-/}]=missing
      [[ ! -e ${one:-/} && ! -L $one ]] || names+=("${one:-/}")
      [[ $one ]] || break
      one=${one%/*}
    done
  done
  o_unseen=()
  ((${#names[@]})) || return 0
  mapfile -t facts < <(o_lstat "${names[@]}")
  if ((${#facts[@]} == ${#names[@]})); then
    for one in "${names[@]}"; do o_facts[$one]=${facts[k++]}; done
  else
    # Something went away meanwhile.
    for one in "${names[@]}"; do o_facts[$one]=$(o_lstat "$one"); o_facts[$one]=${o_facts[$one]:-missing}; done
  fi
}

# o_lstat PATH...: owner, group and mode (hexadecimal, with the type) of each, one a line. In a subshell, which it ends: the last
# process takes its place.
o_lstat() {
  while (($# > 200)); do
    stat -c %u:%g:%f -- "${@:1:200}" 2>/dev/null
    shift 200
  done
  exec stat -c %u:%g:%f -- "$@" 2>/dev/null
}

# o_decide DIRECTORY: an absolute one that was seen, without a slash at its end, and without a ruling, as o_ruling says.
o_decide() {
  local above=ok key=${1:-/} fact one
  if [[ $1 ]]; then
    one=${1%/*}
    above=${o_rulings[${one:-/}]-}
    [[ $above ]] || { o_decide "$one"; above=$o_ruling; }
    [[ ! ${o_shut[${one:-/}]-} ]] || o_shut[$key]=1
  fi
  fact=${o_facts[$key]}
  if [[ $above == ok && ${o_plain[$fact]-} ]]; then
    o_ruling=ok
  elif [[ $above == no:* || $above == as:* ]]; then
    o_ruling=$above
  elif [[ $fact == missing ]]; then
    o_ruling=$above
    [[ $above != sticky ]] || o_ruling="no:${1%/*} is writable by others, and $1 is not there yet"
  else
    o_weigh "$key" "$above" "${fact%%:*}" "${fact##*:}" "${fact%:*}"
    # Most directories are alike.
    [[ $above$o_ruling != okok || ${o_shut[$key]-} ]] || ((16#${fact##*:} & 8#20)) || o_plain[$fact]=1
  fi
  o_rulings[$key]=$o_ruling
}

# o_weigh DIRECTORY ABOVE UID MODE UID:GID: what the verdict on a directory is that is reached safely.
o_weigh() {
  local mode=$((16#$4)) who='' group=${5#*:}
  if (((mode & 8#170000) == 8#120000)); then
    o_ruling="no:$1 is a link to $(readlink -- "$1"): name the directory itself"
  elif (((mode & 8#170000) != 8#40000)); then
    o_ruling=$2
  elif ((mode & 8#2)); then
    who=others
  elif ((mode & 8#20)) && ! o_is_alone "$group" "$3"; then
    who="its group $(o_called group "$group")"
    # Like /var/cache/bind: root's by name, and the place of the one user in its group.
    [[ $2$3 != ok0 || $EUID != 0 || ! ${o_sole[$group]-} ]] || ((mode & 8#1000)) || o_has_list "$1" || { o_ruling=as:${o_sole[$group]}; return; }
  # What the mode tells of the group is then the most that the list gives to anybody.
  elif ((mode & 8#20)) && o_has_list "$1"; then
    who='others: it has an access list'
  fi
  if [[ $o_ruling == no:* ]] || (((mode & 8#170000) != 8#40000)); then return; fi
  if (($3 == 0 || $3 == EUID)); then
    o_ruling=ok
    if [[ $who ]]; then
      o_ruling="no:$1 is writable by $who"
      ((!(mode & 8#1000))) || o_ruling=sticky
      # Nobody else gets to it, as to the top of a tmpfs that is mounted in a closed directory.
      [[ $o_ruling != sticky || ! ${o_shut[$1]-} ]] || o_ruling=ok
    elif ((!(mode & 8#1) && (!(mode & 8#10) || group == 0))); then
      o_shut[$1]=1
    fi
  elif [[ $2 == sticky || $who ]]; then
    o_ruling="no:$1 belongs to $(o_called passwd "$3")"
    [[ ! $who ]] || o_ruling+=" and is writable by $who"
    [[ $2 != sticky ]] || o_ruling+=", in a directory that others can write to"
  elif ((EUID)); then
    o_ruling="no:$1 belongs to $(o_called passwd "$3")"
  else
    o_ruling=as:$3
  fi
}

# o_has_list PATH: whether it has an access list. One that lets anybody else write shows as a group that may.
o_has_list() {
  [[ $(ls -ld -- "$1") == ??????????+* ]]
}

# o_called DATABASE NUMBER: the name.
o_called() {
  local name
  IFS=: read -r name _ < <(getent "$1" "$2")
  printf %s "${name:-$2}"
}

# o_is_alone GID UID: nobody but root and this user is in the group, as in the group that each user has of its own.
o_is_alone() {
  local member
  (($1)) || return 0
  [[ ${o_groups[$1]-} ]] || o_read_group "$1"
  for member in ${o_groups[$1]}; do
    [[ $member == 0 || $member == "$2" ]] || return 1
  done
}

o_read_group() {
  local members='' user number own
  o_groups[$1]=' '
  IFS=: read -r _ _ _ members < <(getent group "$1")
  while IFS=: read -r user _ number own _; do
    [[ $own != "$1" && ,$members, != *",$user,"* ]] || o_groups[$1]+="$number "
  done < <(getent passwd)
  read -r user own <<<"${o_groups[$1]/ 0 / }"
  o_sole[$1]=''
  [[ ! $user || $own ]] || o_sole[$1]=$user
}

# o_mounted PATH: whether a file system is mounted there or below; o_on is where. A bind mount has the device of what it shows, so
# only the kernel's list tells. Mounting takes root, so what the list says stays true.
o_mounted() {
  local at table=''
  o_absolute "$1"
  IFS= read -rN 100000000 table </proc/self/mountinfo
  [[ $table ]] || { o_on=/proc/self/mountinfo; return 0; }
  while read -r _ _ _ _ at _; do
    [[ $at != *\\* ]] || printf -v at %b "$at"
    [[ $at == "$o_whole" || $at == "${o_whole%/}"/* ]] || continue
    o_on=$at
    return 0
  done <<<"$table"
  return 1
}

# o_sound PATH: for commands: fails, and says why, unless root alone decides what is at this path.
o_sound() {
  local above=${1%/*}
  [[ $1 == /* && $1/ != */../* ]] || { printf '%s is no absolute path\n' "$1" >&2; return 1; }
  o_judge "${above:-/}"
  case $o_ruling in
    ok) return ;;
    as:*)
      while [[ ${above%/*} && ${o_rulings[${above%/*}]-} == as:* ]]; do above=${above%/*}; done
      printf '%s belongs to %s, who could put something in the way\n' "$above" "$(o_called passwd "${o_ruling#as:}")" >&2
      ;;
    sticky) printf '%s is writable by others than root\n' "$above" >&2 ;;
    *) printf '%s\n' "${o_ruling#no:}" >&2 ;;
  esac
  return 1
}

# o_unmounted PATH: for commands: fails when something is mounted there.
o_unmounted() {
  o_mounted "$1" || return 0
  printf '%s is a file system of its own: unmount it first\n' "$o_on" >&2
  return 1
}

# --- As somebody else ---------------------------------------------------------------------------------------

# o_as USER COMMAND [CAPABILITIES]: runs it strictly as this user, with nothing of root's around it: in the user's home; or, where it is said what is
# left of the capabilities, in the current directory, confined. A user that is not there decides nothing in a guard.
o_as() {
  local name='' uid='' gid='' home=''
  IFS=: read -r name _ uid gid _ home _ < <(getent passwd "$1") || true
  if [[ ! $uid ]]; then
    printf 'there is no user %s\n' "$1" >&2
    return 126
  elif ((uid == EUID)) && [[ $EUID != 0 || ! ${3-} ]]; then
    eval "$2"
  elif ((EUID)); then
    printf 'only root can act as %s\n' "$1" >&2
    return 126
  elif [[ ${3-} ]]; then
    ( o_confine "$uid" "$gid" "$name" "$home" "$2" "$3" )
  else
    ( o_become "$uid" "$gid" "$name" "$home" "$2" )
  fi
}

# o_become UID GID NAME HOME COMMAND [WORD...]: in a subshell, which it ends; the words go in front.
o_become() {
  local as=(setpriv --reuid="$1" --regid="$2" --init-groups)
  [[ $3 ]] || as=(setpriv --reuid="$1" --regid="$2" --clear-groups)
  cd /
  # shellcheck disable=SC2016 # bash of that user reads it
  o_exec "$3" "$4" 'cd -- "$HOME" 2>/dev/null || :'$'\n'"$5" "${@:6}" "${as[@]}"
}

# o_confine UID GID NAME HOME COMMAND CAPABILITIES: the same where root stands, without other groups, and with no way to get more.
o_confine() {
  local as=(setpriv --reuid="$1" --regid="$2" --clear-groups --no-new-privs --inh-caps="$6" --bounding-set="$6")
  # What is not inherited cannot be ambient either.
  [[ $6 == -all ]] || as+=(--ambient-caps="$6")
  o_exec "$3" "$4" "$5" "${as[@]}"
}

# o_exec NAME HOME COMMAND WORD...: the words in front of a bash that runs the command, which is in no argument list. Neither
# the environment nor an open file of root's comes along, for whoever owns a process can look into it and steer it.
o_exec() {
  local around=("HOME=$2" "USER=$1" "LOGNAME=$1" "PATH=$PATH")
  [[ ! ${LC_ALL-} ]] || around+=("LC_ALL=$LC_ALL")
  [[ ! ${LANG-} ]] || around+=("LANG=$LANG")
  # shellcheck disable=SC2016 # bash of that user reads it
  exec env -i "${around[@]}" "${@:4}" -- bash --noprofile --norc -c \
    'IFS= read -rN 2000000000 -u 3 o_text; exec 3<&-; set -eu -o pipefail; eval "$o_text"' \
    3< <(printf %s "$3")
}

# o_person UID: o_user is its name, group and home, as passwd has them.
o_person() {
  local name='' gid='' home=''
  if [[ ! ${o_people[$1]-} ]]; then
    IFS=: read -r name _ _ gid _ home _ < <(getent passwd "$1")
    # A number that no account has: nobody's group, so that nothing else comes with it.
    o_people[$1]=$name:${gid:-65534}:${home:-/}
  fi
  o_user=${o_people[$1]}
}

# o_as_owner UID COMMAND: what the command prints, in bounds of bytes and of time; stdin goes to it. What that user's process does
# beyond its time is not waited for.
o_as_owner() {
  local gid home
  o_person "$1"
  gid=${o_user#*:} home=${o_user#*:*:}
  timeout --foreground 60 cat |
    ( o_body; LC_ALL=C o_become "$1" "${gid%%:*}" "${o_user%%:*}" "$home" "$2" timeout --foreground -k 5 60 ) 2>/dev/null |
    timeout --foreground 70 head -c 1000000
}
