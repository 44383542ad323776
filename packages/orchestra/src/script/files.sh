# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # variables of what stands before and behind it
# Files, directories and links: what a step does at once.

# o_step PATH [gone]: whether the current operation may go on; makes room when PATH has something pending already. o_who is the user
# to do it as, empty for us; with `gone`, nothing at the path needs nobody.
o_step() {
  [[ ! ${o_bad[$o_i]-} ]] || return 1
  [[ ! ${o_touched[$1]-} ]] || o_settle
  ((${#o_handing[@]} == 0)) || o_hand_over "$1"
  local dir=${1%/*}
  o_who='' o_blind='' o_ruling=${o_rulings[${dir:-/}]-}
  [[ $o_ruling == ok ]] || o_may_act "$@" || return 1
  o_touched[$1]=1
}

# o_may_act PATH [gone]: what o_step does not know yet.
o_may_act() {
  local dir=${1%/*}
  o_judge "${dir:-/}"
  case $o_ruling in
    ok) return 0 ;;
    as:*) o_who=${o_ruling#as:}; return 0 ;;
  esac
  [[ ! ${2-} || -e $1 || -L $1 ]] || return 0
  [[ $o_ruling != sticky ]] || ! o_may_act_among_others "$1" "$dir" || return 0
  o_fail 1 step "${o_ruling#no:}"
  return 1
}

# o_may_act_among_others PATH DIRECTORY: in a directory like /tmp nobody else can move away what is ours, and what is not there yet is
# made beside, in a directory that did not exist, and renamed without a look at what came meanwhile (o_blind).
o_may_act_among_others() {
  local fact
  fact=$(o_lstat "$1")
  o_sticky=1
  if [[ ! $fact ]]; then
    o_blind=1
  elif [[ ${fact%%:*} != 0 && ${fact%%:*} != "$EUID" || $((16#${fact##*:} & 8#170000)) == $((8#120000)) ]]; then
    o_ruling="no:$2 is writable by others, and $1 is not ours"
    return 1
  fi
}

# o_hand_over PATH: what is about to be given to somebody is given before anything is done below it.
o_hand_over() {
  o_absolute "$1"
  local above=${o_whole%/*}
  while [[ $above && ! ${o_handing[$above]-} ]]; do
    [[ $above == */* ]] || return 0
    above=${above%/*}
  done
  [[ ! $above ]] || o_settle
}

# o_file PATH CONTENT UMASK MODE OWNER [CHECK]
o_file() {
  o_step "$1" || return 0
  if [[ $o_who ]]; then
    o_errand file "$1" "$2" "$3" "$4" "$5" "${6-}"
    return 0
  fi
  if [[ ! $o_blind && -f $1 && -r $1 && ! -L $1 ]]; then
    if ! IFS= read -r -d '' o_have <"$1" && [ "$o_have" = "$2" ] && o_keep_file "$1" "$4" "$5"; then
      return 0
    fi
  elif [[ -d $1 && ! -L $1 ]]; then
    o_fail 1 step "$1 is a directory, not a file"
    return 0
  fi
  o_may_replace "$1" && o_owe && o_room "$1" && o_write "$2" "$3" || return 0
  o_staged "$1" "$4" "$5" "${6-}"
}

# o_staged PATH MODE OWNER CHECK: o_room holds what goes to PATH.
o_staged() {
  o_place[o_n]=$o_room o_backup[o_n]=$o_room_old o_path[o_n]=$1 o_of[o_n]=$o_i o_check[o_n]=$4 o_mode[o_n]=$2
  [[ $3 == - ]] || o_chown[$3]+=" $o_n"
  o_n+=1
}

# o_ahead FILE CONTENT: a part of what is too large for one script.
o_ahead() {
  [[ ! ${o_bad[$o_i]-} ]] || return 0
  umask 077
  o_block "$o_i"
  if { [[ -d $o_state/ahead ]] || mkdir -- "$o_state/ahead"; } && printf %s "$2" >>"$o_state/ahead/$o_ahead.$1"; then
    o_changed "$o_i"
  else
    o_fail 1 step
  fi
}

# o_ahead_file PATH FILE SIZE MODE OWNER [CHECK]: as o_file, with content that was brought ahead.
o_ahead_file() {
  local from=$o_state/ahead/$o_run_id.$2
  o_step "$1" || return 0
  if [[ $o_who ]]; then
    o_fail 1 step "${1%/*} is a place of $(o_called passwd "$o_who"): a file of this size can only stand where root alone can write"
  elif [[ -d $1 && ! -L $1 ]]; then
    o_fail 1 step "$1 is a directory, not a file"
  elif [[ $(stat -c %s -- "$from" 2>&"$o_null") != "$3" ]]; then
    o_fail 1 step "What was brought ahead for $1 is not there as it was sent"
  elif [[ ! $o_blind && -f $1 && ! -L $1 ]] && cmp -s -- "$from" "$1" && o_keep_file "$1" "$4" "$5"; then
    return 0
  elif o_may_replace "$1" && o_owe && o_room "$1" && o_from_ahead "$from"; then
    o_staged "$1" "$4" "$5" "${6-}"
  fi
}

# o_from_ahead FILE: into o_room, where it can be renamed from.
o_from_ahead() {
  o_quiet_then_loud mv -fT -- "$1" "$o_room" && return
  o_rubbish+=("$o_room")
  o_fail 1 step
  return 1
}

# o_room PATH: a place on PATH's filesystem to write to (o_room) and one to keep the old in (o_room_old). The first
# file of a directory goes beside its place, which takes no process but the mv; others share a directory.
o_room() {
  local dir=${1%/*}/ name=${1##*/}
  local hidden=$dir.orchestra-$o_run_id
  if [[ ! ${o_beside[$dir]-}${o_made[$dir]-} ]] && ((${#name} < 190)) && ! o_is_sticky "$dir"; then
    o_beside[$dir]=1
    o_room=$hidden.new.$name o_room_old=$hidden.old.$name
    o_litter "$o_room" "$o_room_old"
    return
  fi
  o_room=$hidden.new/$name o_room_old=$hidden.old/$name
  [[ ! ${o_made[$dir]-} || ! -d $hidden.new ]] || return 0
  o_litter "$hidden.new" "$hidden.old" || return 1
  umask 077
  o_quiet_then_loud mkdir -- "$hidden.new" "$hidden.old" || { o_fail 1 step; return 1; }
  o_made[$dir]=1
  o_rubbish+=("$hidden.new" "$hidden.old")
}

# o_is_sticky DIRECTORY: others could open a file there before we do.
o_is_sticky() {
  [[ $o_sticky ]] || return 1
  o_judge "$1"
  [[ $o_ruling == sticky ]]
}

# o_litter PATH...: should this script be killed, the next one removes these. What cannot be noted is not made.
o_litter() {
  if [[ ! ${o_litter_fd-} ]]; then
    { exec {o_litter_fd}>>"$o_state/litter"; } 2>&"$o_null"
  fi
  [[ ${o_litter_fd-} ]] && { printf '%s\0' "${@/#.\//$PWD/}" >&"$o_litter_fd"; } 2>&"$o_null" && return
  o_fail 1 step "Nothing can be written below $o_state; is the disk full?"
  return 1
}

# o_write CONTENT UMASK: content that could not be written whole is never put in place.
o_write() {
  umask "$2"
  printf %s "$1" >"$o_room" 2>&"$o_null" && return
  o_rubbish+=("$o_room")
  o_block "$o_i"
  printf %s "$1" >|"$o_room" && return
  # Gives the space back to others when the disk is full.
  : >|"$o_room"
  o_fail 1 step
  return 1
}

# o_quiet_then_loud WORD...: most commands succeed silently; one that fails is shown in its block.
o_quiet_then_loud() {
  "$@" 2>&"$o_null" && return
  o_block "$o_i"
  "$@"
}

# o_keep PATH MODE OWNER: what is there already has the right content; its permissions may have drifted.
o_keep() {
  [[ $2$3 != -- && ! -L $1 ]] || return 0
  o_kept_path+=("$1") o_kept_mode+=("$2") o_kept_owner+=("$3") o_kept_of+=("$o_i")
}

# o_keep_file PATH MODE OWNER: the same for a file, which is ours where nobody is said to own it. Who is not root can own what is
# somebody's only by making it anew: fails then.
o_keep_file() {
  local owner=$3
  [[ $owner != - ]] || owner=$EUID
  [[ $owner != :* ]] || owner=$EUID$owner
  ((EUID == 0)) || [[ -O $1 ]] || ! o_is_us "${owner%%:*}" || return 1
  o_kept_path+=("$1") o_kept_mode+=("$2") o_kept_owner+=("$owner") o_kept_of+=("$o_i")
}

# o_is_us USER: by name or by number.
o_is_us() {
  [[ $1 != "$EUID" ]] || return 0
  o_person "$EUID"
  [[ $1 == "${o_user%%:*}" ]]
}

# o_may_replace FILE: says why not, where we are not root and the directory is not for us to write.
o_may_replace() {
  ((EUID)) && [[ ! -O $1 && -e $1 && ! -w ${1%/*}/ ]] || return 0
  o_fail 1 step "$(o_whose "$1" "$(o_called passwd "$EUID")")"
  return 1
}

# o_whose FILE USER: why this user cannot have it.
o_whose() {
  local is
  is=$(stat -c %U -- "$1")
  printf '%s belongs to %s, and its directory to %s: %s cannot replace it\n' "$1" "$is" "$(stat -c %U -- "${1%/*}/")" "$2"
}

# o_directory PATH MODE OWNER
o_directory() {
  # What is made is acted in most often: one look at both.
  o_unseen+=("$1")
  o_step "$1" || return 0
  if [[ $o_who ]]; then
    o_errand directory "$1" '' 022 "$2" "$3"
  elif [[ $o_blind ]]; then
    o_fail 1 step "${1%/*} is writable by others, and $1 is not there yet"
  elif [[ -d $1 ]]; then
    o_absolute "$1"
    [[ $2$3 == -- ]] || o_handing[$o_whole]=1
    o_keep "$1" "$2" "$3"
  elif [[ -e $1 || -L $1 ]]; then
    o_fail 1 step "$1 exists and is not a directory"
  elif o_owe; then
    o_new_path+=("$1") o_new_mode+=("$2") o_new_owner+=("$3") o_new_of+=("$o_i")
  fi
}

# o_symlink PATH TARGET
o_symlink() {
  o_step "$1" || return 0
  if [[ $o_who ]]; then
    o_errand symlink "$1" "$2" 022 - -
  elif [[ -d $1 && ! -L $1 ]]; then
    o_fail 1 step "$1 is a directory, not a link"
  else
    o_link_path+=("$1") o_link_target+=("$2") o_link_of+=("$o_i")
  fi
}

# o_absent PATH [recursive]
o_absent() {
  o_step "$1" gone || return 0
  [[ -e $1 || -L $1 ]] || return 0
  if [[ ${2-} && -d $1 && ! -L $1 ]] && o_mounted "$1"; then
    o_fail 1 step "$1 is not removed: a file system is mounted at $o_on"
    return 0
  fi
  if [[ $o_who ]]; then
    o_errand absent "$1" "${2:-single}" 022 - -
    return 0
  fi
  o_owe || return 0
  o_gone_path+=("$1") o_gone_how+=("${2:-single}") o_gone_of+=("$o_i")
}
