# shellcheck shell=bash disable=SC2034,SC2154 # variables of what stands before and behind it
# Files, directories and links: what is done for many at once.

declare -i o_n=0
declare -A o_chown=() o_handing=()
o_place=() o_backup=() o_path=() o_of=() o_check=() o_mode=()
o_kept_path=() o_kept_mode=() o_kept_owner=() o_kept_of=()
o_new_path=() o_new_mode=() o_new_owner=() o_new_of=()
o_link_path=() o_link_target=() o_link_of=()
o_gone_path=() o_gone_how=() o_gone_of=()
o_errand_of=() o_errand_who=() o_errand_path=() o_errand_text=() o_errand_how=()

# Of most kinds nothing is pending.
o_forget() {
  o_touched=() o_handing=()
  ((${#o_place[@]} == 0)) || o_n=0 o_place=() o_backup=() o_path=() o_of=() o_check=() o_mode=() o_chown=()
  ((${#o_kept_path[@]} == 0)) || o_kept_path=() o_kept_mode=() o_kept_owner=() o_kept_of=()
  ((${#o_new_path[@]} == 0)) || o_new_path=() o_new_mode=() o_new_owner=() o_new_of=()
  ((${#o_link_path[@]} == 0)) || o_link_path=() o_link_target=() o_link_of=()
  ((${#o_gone_path[@]} == 0)) || o_gone_path=() o_gone_how=() o_gone_of=()
  ((${#o_errand_of[@]} == 0)) || o_errand_of=() o_errand_who=() o_errand_path=() o_errand_text=() o_errand_how=()
}

# Does everything that steps left pending. On return, what they asked for is there or their operation failed.
o_settle() {
  local back=$o_i
  ((${#o_touched[@]})) || return 0
  o_now_pending
  ((${#o_new_path[@]} == 0)) || o_settle_directories
  ((${#o_link_path[@]} == 0)) || o_settle_links
  ((${#o_gone_path[@]} == 0)) || o_settle_absent
  ((${#o_place[@]} == 0)) || o_settle_files
  ((${#o_kept_path[@]} == 0)) || o_settle_permissions
  ((${#o_errand_of[@]} == 0)) || o_settle_errands
  o_forget
  # An operation beside its directory's only staged file does not keep the place for the next batch.
  o_beside=()
  o_i=$back
}

# What is done for many at once is at work for all of them.
o_now_pending() {
  local i
  local -A pending=()
  for i in "${o_new_of[@]}" "${o_link_of[@]}" "${o_gone_of[@]}" "${o_of[@]}" "${o_kept_of[@]}"; do pending[$i]=1; done
  ((${#pending[@]} < 2)) || o_now "${!pending[@]}"
}

# o_many COUNT WORD... ITEM...: runs the first COUNT words on all items, silently, some hundred at a time.
o_many() {
  local words=("${@:2:$1}") status=0
  shift $(($1 + 1))
  while (($#)); do
    "${words[@]}" "${@:1:200}" 2>&"$o_null" || status=1
    shift $(($# < 200 ? $# : 200))
  done
  return "$status"
}

# o_asking COUNT WORD... ITEM...: the same for what tells something, in a subshell, which it ends: the last process takes its place.
o_asking() {
  local words=("${@:2:$1}")
  shift $(($1 + 1))
  while (($# > 200)); do
    "${words[@]}" "${@:1:200}" 2>&"$o_null"
    shift 200
  done
  (($# == 0)) || exec "${words[@]}" "$@" 2>&"$o_null"
}

o_settle_directories() {
  local k mode
  local -A of_mode=()
  for k in "${!o_new_path[@]}"; do of_mode[${o_new_mode[k]}]+=" $k"; done
  umask 022
  for mode in "${!of_mode[@]}"; do
    local paths=()
    for k in ${of_mode[$mode]}; do paths+=("${o_new_path[k]}"); done
    if [[ $mode == - ]]; then o_many 3 mkdir -p -- "${paths[@]}"; else o_many 5 mkdir -p -m "$mode" -- "${paths[@]}"; fi
  done
  for k in "${!o_new_path[@]}"; do
    o_i=${o_new_of[k]}
    if [[ -d ${o_new_path[k]} ]] || o_quiet_then_loud mkdir -p -- "${o_new_path[k]}"; then
      o_changed "$o_i"
      o_see_again "${o_new_path[k]}"
      o_keep "${o_new_path[k]}" "${o_new_mode[k]}" "${o_new_owner[k]}"
    else
      o_fail 1 step
    fi
  done
}

# Links that already hold their target stay; the others are made beside and renamed as files are.
o_settle_links() {
  local k links=() holds=()
  local -A held=()
  for k in "${!o_link_path[@]}"; do [[ ! -L ${o_link_path[k]} ]] || links+=("$k"); done
  local paths=()
  for k in "${links[@]}"; do paths+=("${o_link_path[k]}"); done
  mapfile -d '' -t holds < <(o_asking 3 readlink -z -- "${paths[@]}")
  for k in "${!links[@]}"; do held[${links[k]}]=${holds[k]-}; done
  for k in "${!o_link_path[@]}"; do
    [[ ${held[$k]-} != "${o_link_target[k]}" ]] || continue
    o_i=${o_link_of[k]}
    o_stage_link "${o_link_path[k]}" "${o_link_target[k]}"
  done
}

# o_stage_link PATH TARGET
o_stage_link() {
  o_owe && o_room "$1" || return 0
  if o_quiet_then_loud ln -sT -- "$2" "$o_room"; then
    o_place[o_n]=$o_room o_backup[o_n]=$o_room_old o_path[o_n]=$1 o_of[o_n]=$o_i o_check[o_n]=''
    o_n+=1
  else
    o_fail 1 step
  fi
}

o_settle_absent() {
  local k how
  for how in single recursive; do
    local paths=() flags=-fd
    [[ $how == single ]] || flags=-rf
    for k in "${!o_gone_path[@]}"; do [[ ${o_gone_how[k]} != "$how" ]] || paths+=("${o_gone_path[k]}"); done
    ((${#paths[@]} == 0)) || o_many 3 rm "$flags" -- "${paths[@]}"
    for k in "${!o_gone_path[@]}"; do
      [[ ${o_gone_how[k]} == "$how" ]] || continue
      o_i=${o_gone_of[k]}
      o_remove_left "${o_gone_path[k]}" "$flags"
    done
  done
}

# o_remove_left PATH FLAGS: what the shared rm could not remove is tried alone, so that the reason is shown.
o_remove_left() {
  if [[ -e $1 || -L $1 ]] && ! o_quiet_then_loud rm "$2" -- "$1"; then
    o_fail 1 step
  else
    [[ ! ${o_facts[${1/#.\//$o_here/}]-} ]] || o_unsee
    o_changed "$o_i"
  fi
}

o_settle_files() {
  local spec n plain=()
  local -A of_check=()
  for spec in "${!o_chown[@]}"; do o_apply chown -h "$spec" "${o_chown[$spec]}"; done
  o_settle_modes
  for n in "${!o_place[@]}"; do
    if [[ ${o_bad[${o_of[n]}]-} ]]; then
      o_rubbish+=("${o_place[n]}")
    elif [[ ${o_check[n]} ]]; then
      of_check[${o_check[n]}]+=" $n"
    else
      plain+=("$n")
    fi
  done
  o_move_in "${plain[@]}"
  for n in "${plain[@]}"; do o_moved "$n"; done
  for spec in "${!of_check[@]}"; do o_settle_check "$spec" "${of_check[$spec]}"; done
}

# A umask cannot give every mode, and where a directory says what new files in it get, it gives none. To look at one file costs what
# it costs to give it its mode.
o_settle_modes() {
  local n k=0 staged=("${!o_mode[@]}") is=() places=()
  local -A of_mode=()
  if ((${#staged[@]} == 1)); then
    o_apply chmod "0000${o_mode[staged[0]]}" "${staged[0]}"
    return 0
  fi
  for n in "${staged[@]}"; do places+=("${o_place[n]}"); done
  mapfile -t is < <(o_asking 4 stat -c %a -- "${places[@]}")
  ((${#is[@]} == ${#places[@]})) || is=()
  for n in "${staged[@]}"; do [[ ${is[k++]-} == "${o_mode[n]}" ]] || of_mode[${o_mode[n]}]+=" $n"; done
  for k in "${!of_mode[@]}"; do o_apply chmod "0000$k" "${of_mode[$k]}"; done
}

# o_apply WORD... NUMBERS: chmod or chown for staged files, together and else one by one.
o_apply() {
  local words=("${@:1:$#-1}") n places=()
  # shellcheck disable=SC2086 # NUMBERS is a list of words
  set -- ${!#}
  for n; do places+=("${o_place[n]}"); done
  o_many $((${#words[@]} + 1)) "${words[@]}" -- "${places[@]}" && return
  for n; do
    o_i=${o_of[n]}
    o_quiet_then_loud "${words[@]}" -- "${o_place[n]}" || o_fail 1 step
  done
}

# o_move_in NUMBER...: puts staged files in their places, one mv for those that share a directory.
o_move_in() {
  local n dir
  local -A of_dir=()
  for n; do
    if [[ ${o_place[n]} == *.new/* && ${o_place[n]%/*} == "${o_path[n]%/*}/.orchestra-$o_run_id.new" ]]; then
      of_dir[${o_path[n]%/*}/]+=" $n"
    else
      mv -fT -- "${o_place[n]}" "${o_path[n]}" 2>&"$o_null"
    fi
  done
  for dir in "${!of_dir[@]}"; do
    local places=()
    for n in ${of_dir[$dir]}; do places+=("${o_place[n]}"); done
    o_many 5 mv -f -t "$dir" -- "${places[@]}"
  done
}

# o_moved NUMBER: a file whose staged copy is still there was not moved.
o_moved() {
  o_i=${o_of[$1]}
  if [[ -e ${o_place[$1]} || -L ${o_place[$1]} ]] && ! o_quiet_then_loud mv -fT -- "${o_place[$1]}" "${o_path[$1]}"; then
    o_rubbish+=("${o_place[$1]}")
    o_fail 1 step
  else
    o_changed "$o_i"
  fi
}

# What is right in content and may have drifted in mode or owner: one stat for all, of which most are alike.
o_settle_permissions() {
  local k key is=() drifted=()
  local -A right=()
  mapfile -t is < <(o_asking 4 stat -c '%a %U %G %u %g' -- "${o_kept_path[@]}")
  ((${#is[@]} == ${#o_kept_path[@]})) || is=()
  for k in "${!o_kept_path[@]}"; do
    key="${o_kept_mode[k]} ${o_kept_owner[k]} ${is[k]-}"
    [[ ! ${right[$key]-} ]] || continue
    if [[ ${o_kept_mode[k]} == - || ${o_kept_mode[k]} == "${is[k]%% *}" ]] && o_owner_is "${o_kept_owner[k]}" "${is[k]-}"; then
      right[$key]=1
    else
      drifted+=("$k")
    fi
  done
  ((${#drifted[@]} == 0)) || o_settle_drifted "${drifted[@]}"
}

# o_settle_drifted NUMBER...: the deepest come first: what is given to somebody has nothing in it any more that we would go on to
# change by its name.
o_settle_drifted() {
  local k depth slashes path layers=() depths=()
  for k; do
    path=${o_kept_path[k]}
    slashes=${path//[!\/]/}
    layers[${#slashes}]+=" $k"
    o_see_again "$path"
  done
  depths=("${!layers[@]}")
  for ((depth = ${#depths[@]} - 1; depth >= 0; depth--)); do o_settle_layer "${layers[depths[depth]]}"; done
}

# o_see_again PATH: we change it, and what it is was looked at.
o_see_again() {
  [[ ! ${o_facts[${1/#.\//$o_here/}]-} ]] || o_unsee
}

# o_settle_layer NUMBERS: of what none is in another. Only a mode of more than four digits takes a setgid bit off that a directory has
# from its parent, and another owner takes those off that let a program run as its owner.
o_settle_layer() {
  local k mode given
  local -A modes=() owners=()
  for k in $1; do
    o_i=${o_kept_of[k]} mode=${o_kept_mode[k]} given=''
    o_owner_is "${o_kept_owner[k]}" "${is[k]-}" || { owners[${o_kept_owner[k]}]+=" $k" given=1; }
    [[ $mode == - || ( $mode == "${is[k]%% *}" && ! ( $given && ${#mode} == 4 ) ) ]] || modes[$mode]+=" $k"
  done
  for k in "${!owners[@]}"; do o_restore chown -h "$k" "${owners[$k]}"; done
  for k in "${!modes[@]}"; do o_restore chmod "0000$k" "${modes[$k]}"; done
}

# o_owner_is USER:GROUP STAT: by name or by number, either side may be left open.
o_owner_is() {
  [[ $1 != - ]] || return 0
  local user=${1%:*} group='' is=() word
  for word in $2; do is+=("$word"); done
  [[ $1 != *:* ]] || group=${1##*:}
  [[ ! $user || $user == "${is[1]-}" || $user == "${is[3]-}" ]] || return 1
  [[ ! $group || $group == "${is[2]-}" || $group == "${is[4]-}" ]]
}

# o_restore WORD... NUMBERS
o_restore() {
  local words=("${@:1:$#-1}") k
  # shellcheck disable=SC2086 # NUMBERS is a list of words
  set -- ${!#}
  local paths=() left='' failed=''
  for k; do
    o_i=${o_kept_of[k]}
    if [[ ${o_bad[$o_i]-} ]] || ! o_owe; then continue; fi
    paths+=("${o_kept_path[k]}")
    left+=" $k"
  done
  ((${#paths[@]})) || return 0
  o_many $((${#words[@]} + 1)) "${words[@]}" -- "${paths[@]}" || failed=1
  for k in $left; do
    o_i=${o_kept_of[k]}
    if [[ $failed ]] && ! o_quiet_then_loud "${words[@]}" -- "${o_kept_path[k]}"; then o_fail 1 step; else o_changed "$o_i"; fi
  done
}
