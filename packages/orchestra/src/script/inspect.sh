# shellcheck shell=bash disable=SC2154,SC2034
# Orchestra's inspection: looks at a server and changes nothing there, not even its own state. Stands behind the prelude.
#
# Few processes look at many things: one `find` tells type, mode, owner and target of some thousand paths, one `sha256sum` digests
# the regular files among them, so that nothing that could block or lead elsewhere is ever opened. What is told is compared by the
# worker.

# o_inspect BACKEND FENCE WAIT TOKEN: waits for a script that runs, and makes sure that no newer owner works here.
o_inspect() {
  local tool debt
  o_mark=$'\036'"orchestra:$4"
  IFS=$' \t\n' LC_ALL=C
  trap '' PIPE
  set -f
  for tool in find xargs sha256sum cat head flock; do
    type -P "$tool" >/dev/null || { printf '%s is not installed\n' "$tool" >&2; exit 85; }
  done
  o_where
  o_owned=$o_state/owned/$1 o_owed=$o_state/owed/$1
  o_share_lock "$3"
  o_heed_fence "$2"
  o_read_debts
  for debt in "${!o_debt[@]}"; do o_tell owed "$debt"; done
}

# o_share_lock WAIT: any number may look at once. A server that no script has run on has no lock, and needs none.
o_share_lock() {
  [[ -e $o_state/lock ]] || return 0
  exec {o_lock}<"$o_state/lock" || exit 85
  flock -s -w "$1" "$o_lock" || { [[ $? == 1 ]] && exit 88 || exit 85; }
}

# o_tell WORD...: a record for the worker; what follows on stdout belongs to it.
o_tell() {
  printf '%s %s\n' "$o_mark" "$*"
}

# o_places PATH...
o_places() {
  o_tell places
  find "$@" -maxdepth 0 -printf '%y%Y %m %U %G %p\0%l\0' 2>/dev/null
}

# o_files PATH...: the same, who acts there, and digests of those that are regular files, which are read while the others are still
# told of. In somebody's place that user reads them: root would open what a name leads to by then, and show it as if it were ours.
o_files() {
  local digests path uid ours=() nobodys=()
  local -A of_user=()
  o_act_in "${@%/*}"
  for path; do
    o_judge "${path%/*}"
    case $o_ruling in
      ok) ours+=("$path") ;;
      as:*) of_user[${o_ruling#as:}]=1 ;;
      *) nobodys+=("$path") ;;
    esac
  done
  exec {digests}< <(((${#ours[@]} == 0)) || find "${ours[@]}" -maxdepth 0 -type f -print0 2>/dev/null | xargs -0 -r sha256sum -z -- 2>/dev/null)
  o_places "$@"
  o_actors "$@"
  o_tell digests
  cat <&"$digests"
  exec {digests}<&-
  for uid in "${!of_user[@]}"; do o_digests_of "$uid" "$@"; done
}

# o_actors PATH...: who writes there. Uses what o_files found.
o_actors() {
  local uid path
  o_tell actor "$EUID"
  for uid in "${!of_user[@]}"; do
    o_tell acts "$uid"
    for path; do
      o_judge "${path%/*}"
      [[ $o_ruling != "as:$uid" ]] || printf '%s\0' "$path"
    done
  done
  ((${#nobodys[@]} == 0)) || { o_tell acts -; printf '%s\0' "${nobodys[@]}"; }
  # Root is named too: what an older release made is root's.
  o_names passwd 0 "$EUID" "${!of_user[@]}"
}

# o_digests_of UID PATH...: those in places of this user. Its process may say what it likes, about these alone.
o_digests_of() {
  local uid=$1 path digest
  local -A asked=()
  shift
  for path; do
    o_judge "${path%/*}"
    o_absolute "$path"
    [[ $o_ruling != "as:$uid" ]] || asked[$o_whole]=$path
  done
  while IFS=' ' read -r -d '' digest path; do
    [[ ${asked[$path]-} && $digest =~ ^[0-9a-f]{64}$ ]] || continue
    printf '%s  %s\0' "$digest" "${asked[$path]}"
    asked[$path]=''
  done < <(printf '%s\0' "${!asked[@]}" | o_as_owner "$uid" 'xargs -0 sh -c '\''find "$@" -maxdepth 0 -type f -print0'\'' sh | xargs -0 -r sha256sum -z --')
}

# o_names DATABASE NAME...: numbers of users (`passwd`) or groups (`group`)
o_names() {
  o_tell "$1"
  getent "$@" 2>/dev/null
}

# o_would NUMBER [unless COMMAND] [only_if COMMAND]: whether a command would run. As in the prelude, a guard that cannot run or does not end
# decides nothing.
o_would() {
  local number=$1 says=runs status
  shift
  while (($#)); do
    o_look "$2" >/dev/null 2>&1
    status=$o_status
    if [[ $o_late$o_lost ]] || ((status == 126 || status == 127)); then
      says=cannot
    elif [[ $1 == unless ]]; then
      ((status)) || says=stays
    elif ((status)); then
      says=stays
    fi
    [[ $says == runs ]] || break
    shift 2
  done
  o_tell would "$number" "$says"
}

# o_list COMMAND: identities, one a line
o_list() {
  o_tell found
  o_look "$1"
  [[ ! $o_late ]] || echo "The list did not end within $o_patience s" >&2
  o_tell listed "$o_status"
}

# o_marked HASH...: which of them are marked as ours
o_marked() {
  local hash
  for hash; do
    [[ ! -e $o_owned/$hash ]] || o_tell marked "$hash"
  done
}

# o_owners HASH...: of which objects they are, of those that are there; `-` where a mark does not tell
o_owners() {
  local hash
  for hash; do
    [[ -e $o_owned/$hash ]] || continue
    o_read_mark "$hash"
    o_whose=${o_whose#=}
    o_tell whose "$hash" "${o_whose:--}"
  done
}

# o_content NUMBER BYTES PATH
o_content() {
  o_tell content "$1"
  o_judge "${3%/*}"
  if [[ $o_ruling == ok ]]; then
    [[ ! -f $3 || -L $3 ]] || head -c "$2" -- "$3" 2>/dev/null
  elif [[ $o_ruling == as:* ]]; then
    o_absolute "$3"
    # shellcheck disable=SC2016 # that user's bash reads it
    printf '%s\0' "$2" "$o_whole" |
      o_as_owner "${o_ruling#as:}" 'IFS= read -rd "" size; IFS= read -rd "" path; [[ ! -f $path || -L $path ]] || head -c "$size" -- "$path"'
  fi
}

# o_reach NUMBER PATH: whether a path at which nothing is seen is empty, or may not be looked at
o_reach() {
  local directory=${2%/*}
  while [[ $directory && ! -e $directory ]]; do directory=${directory%/*}; done
  directory=${directory:-/}
  [[ ! -d $directory || -x $directory ]] || o_tell unseen "$1"
}

# o_read NUMBER COMMAND: what people should know about something that was found
o_read() {
  o_tell read "$1"
  o_look "$2" 2>&1
}
