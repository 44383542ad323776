# shellcheck shell=bash disable=SC2034,SC2154 # variables of what stands before and behind it
# What is done in somebody's place, by a process of that user.

# o_errand VERB PATH CONTENT UMASK MODE OWNER [CHECK]: what the user o_who will do there for the current operation.
o_errand() {
  local owner=${6%%:*} group=- n
  [[ $6 != *:* ]] || group=${6#*:}
  o_person "$o_who"
  o_absolute "$2"
  if [[ ${7-} ]]; then
    o_fail 1 step "${2%/*} is a place of ${o_user%%:*}: a file with a check can only stand where root alone can write"
  elif [[ $owner && $owner != - && $owner != "$o_who" && $owner != "${o_user%%:*}" ]]; then
    o_fail 1 step "${2%/*} is a place of ${o_user%%:*}: nothing there can be given to $owner"
  elif o_owe && o_litter "${o_whole%/*}/.orchestra-$o_run_id.new.$((o_errands + 1))"; then
    o_errands+=1 n=$o_errands
    o_errand_of[n]=$o_i o_errand_who[n]=$o_who o_errand_path[n]=$o_whole o_errand_text[n]=$3
    o_errand_how[n]="$1 $4 $5 ${owner:--} $group"
  fi
}

# One process for each user, whatever there is to do.
o_settle_errands() {
  local n uid
  local -A of_user=()
  for n in "${!o_errand_of[@]}"; do of_user[${o_errand_who[n]}]+=" $n"; done
  for uid in "${!of_user[@]}"; do o_do_errands "$uid" "${of_user[$uid]}"; done
}

# o_do_errands UID NUMBERS: what that user's process answers is about these and nothing else.
o_do_errands() {
  local n said text
  local -A undone=()
  for n in $2; do undone[$n]=1; done
  # Written out: what a function names comes with it.
  text=$(declare -f o_errands_here o_errands_look o_errand_recall o_errand_is_fit o_errand_has_text o_errand_file o_errand_make_fit o_errand_directory o_errand_symlink o_errand_absent o_errand_keep o_errand_fit o_whose)
  said=$(o_tell_errands "$2" 2>&"$o_null" | o_as_owner "$1" "$text"$'\n'"o_run_id=$o_run_id; o_errands_here")
  while read -r n said; do
    [[ $n == +([0-9]) && ${undone[$n]-} ]] || continue
    undone[$n]='' o_i=${o_errand_of[n]}
    case $said in
      changed) o_changed "$o_i" ;;
      same) ;;
      *) o_fail 1 step "As $(o_called passwd "$1"): ${said:0:1000}" ;;
    esac
  done <<<"$said"
  for n in $2; do
    o_i=${o_errand_of[n]}
    [[ ! ${undone[$n]} ]] || o_fail 1 step "As $(o_called passwd "$1"): ${o_errand_path[n]} was not done"
  done
}

# o_tell_errands NUMBERS: a line with sizes, then path and content, for each.
o_tell_errands() {
  local n
  for n in $1; do
    printf '%s %s %s %s\n%s%s' "$n" "${#o_errand_path[n]}" "${#o_errand_text[n]}" "${o_errand_how[n]}" "${o_errand_path[n]}" "${o_errand_text[n]}"
  done
}

# From here to the end of this part, that user's process runs what is there, and root's never does.
# shellcheck disable=SC2034 # the functions of the verbs
o_errands_here() {
  local n k path_size text_size verb mask mode owner group path text said status is_mode is_number is_group new=()
  local number_of=() path_of=() text_of=() verb_of=() mask_of=() mode_of=() owner_of=() group_of=()
  local -A facts=()
  set +e
  set -fC
  while read -r n path_size text_size verb mask mode owner group; do
    IFS= read -rN "$path_size" path
    text=''
    ((text_size == 0)) || IFS= read -rN "$text_size" text
    number_of+=("$n") path_of+=("$path") text_of+=("$text") verb_of+=("$verb")
    mask_of+=("$mask") mode_of+=("$mode") owner_of+=("$owner") group_of+=("$group")
  done
  o_errands_look "${path_of[@]}"
  for k in "${!number_of[@]}"; do
    n=${number_of[k]} path=${path_of[k]} text=${text_of[k]} verb=${verb_of[k]}
    mode=${mode_of[k]} owner=${owner_of[k]} group=${group_of[k]}
    o_errand_recall
    # What is right already takes no process.
    if [[ $verb == file ]] && o_errand_is_fit && o_errand_has_text; then
      printf '%s same\n' "$n"
      continue
    fi
    umask "${mask_of[k]}"
    said=$("o_errand_$verb" 2>&1)
    status=$?
    [[ $status != 0 || $verb != file ]] || new+=("$k")
    ((status != 0)) || said=changed
    ((status != 3)) || said=same
    printf '%s %s\n' "$n" "${said//$'\n'/; }"
  done
  # Where a directory says what new files in it get, the umask gave nothing.
  local paths=()
  for k in "${new[@]}"; do paths+=("${path_of[k]}"); done
  o_errands_look "${paths[@]}"
  for k in "${new[@]}"; do
    [[ ${facts[${path_of[k]}]} == "${mode_of[k]} "* ]] || chmod -- "${mode_of[k]}" "${path_of[k]}"
  done
}

# o_errands_look PATH...: what all that is there is like, by one process for many: mode, number and name of the group.
o_errands_look() {
  local fact
  while (($#)); do
    while IFS= read -rd '' fact; do
      path=/${fact#*/}
      facts[$path]=${fact%%/*}
    done < <(find "${@:1:200}" -maxdepth 0 -printf '%m %G %g%p\0' 2>/dev/null)
    shift $(($# < 200 ? $# : 200))
  done
}

# What was seen of the path.
o_errand_recall() {
  local fact=${facts[$path]-}
  is_mode=${fact%% *} fact=${fact#* }
  is_number=${fact%% *} is_group=${fact#* }
}

o_errand_is_fit() {
  [[ $mode == - || $mode == "$is_mode" ]] && [[ $group == - || $group == "$is_group" || $group == "$is_number" ]]
}

# A file of this user's with this content is there.
o_errand_has_text() {
  local have
  [[ -O $path && -f $path && -r $path && ! -L $path ]] && ! IFS= read -r -d '' have <"$path" && [ "$have" = "$text" ]
}

# Status 0 says that something changed, 3 that nothing had to.
o_errand_file() {
  local room=${path%/*}/.orchestra-$o_run_id.new.$n
  if [[ -d $path && ! -L $path ]]; then
    echo "$path is a directory, not a file"
    return 1
  elif o_errand_has_text; then
    o_errand_keep
    return
  elif [[ ! -O $path && -e $path && ! -w ${path%/*}/ ]]; then
    o_whose "$path" "${USER:-$EUID}"
    return 1
  fi
  if printf %s "$text" >"$room" && o_errand_make_fit && mv -fT -- "$room" "$path"; then return; fi
  rm -f -- "$room"
  return 1
}

# A new file in its room, written under the umask of its mode.
o_errand_make_fit() {
  if [[ $group != - ]] || ((8#$mode & 07111)); then o_errand_fit "$room"; fi
}

o_errand_directory() {
  if [[ -d $path ]]; then
    [[ ! -L $path ]] || return 3
    o_errand_keep
  elif [[ -e $path || -L $path ]]; then
    echo "$path exists and is not a directory"
    return 1
  else
    mkdir -p -- "$path" && o_errand_fit "$path"
  fi
}

o_errand_symlink() {
  local room=${path%/*}/.orchestra-$o_run_id.new.$n
  if [[ -d $path && ! -L $path ]]; then
    echo "$path is a directory, not a link"
    return 1
  fi
  [[ ! -L $path || $(readlink -- "$path"; echo x) != "$text"$'\n'x ]] || return 3
  ln -sT -- "$text" "$room" && mv -fT -- "$room" "$path"
}

o_errand_absent() {
  [[ -e $path || -L $path ]] || return 3
  if [[ $text == recursive ]]; then rm -rf -- "$path"; else rm -fd -- "$path"; fi
}

# What is there already; its permissions may have drifted.
o_errand_keep() {
  [[ $mode$owner$group != --- ]] || return 3
  if [[ $owner != - && ! -O $path ]]; then
    echo "$path belongs to $(stat -c %U -- "$path"): only root could give it away"
    return 1
  fi
  ! o_errand_is_fit || return 3
  o_errand_fit "$path"
}

# o_errand_fit PATH: another group takes bits off the mode, so that comes last.
o_errand_fit() {
  [[ $group == - ]] || chgrp -h -- "$group" "$1" || return 1
  [[ $mode == - ]] || chmod "0000$mode" -- "$1"
}
