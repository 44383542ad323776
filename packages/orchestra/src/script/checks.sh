# shellcheck shell=bash disable=SC2034,SC2154 # variables of what stands before and behind it
# Checks: only files that pass them stay.

# o_settle_check COMMAND NUMBERS: only files that pass the check stay.
o_settle_check() {
  local n ops=()
  local -A numbers=()
  for n in $2; do
    [[ ${numbers[${o_of[n]}]-} ]] || ops+=("${o_of[n]}")
    numbers[${o_of[n]}]+=" $n"
  done
  o_verdict=''
  o_try "$1" "${ops[@]}"
}

# o_try COMMAND OPERATION...: all at once; when that fails, each half. What passed stays while the rest is tried.
o_try() {
  local command=$1 half i rest=()
  shift
  if ! o_swap_in "$@"; then
    o_swap_out "$@"
    for i; do [[ ${o_bad[$i]-} ]] || rest+=("$i"); done
    if ((${#rest[@]})); then o_try "$command" "${rest[@]}"; fi
    return 0
  fi
  o_run_check "$command" "$@"
  if ((!o_check_status)); then
    o_stand
    for o_i; do o_changed "$o_i"; done
    return 0
  fi
  o_swap_out "$@"
  [[ $o_verdict ]] || o_blame "$command"
  if [[ $o_verdict == before || $# == 1 ]]; then
    for o_i; do o_reject "$command" "$#"; done
    return 0
  fi
  half=$(($# / 2))
  o_try "$command" "${@:1:half}"
  o_try "$command" "${@:half+1}"
}

# o_run_check COMMAND OPERATION...: the output is shown only where it is about one operation.
o_run_check() {
  local command=$1
  shift
  o_now "$@"
  o_tell_check "$@"
  if (($# == 1)); then
    o_i=$1
    o_block "$1"
    o_look "$command"
  else
    o_look "$command" >&"$o_null" 2>&1
  fi
  o_check_status=$o_status o_check_late=$o_late o_check_lost=$o_lost
}

# o_tell_check OPERATION...: a check may look at `checked`, the paths of the files that are on trial, and at `replaced`, where
# the file that each of them replaced is kept meanwhile.
o_tell_check() {
  local i n
  checked=() replaced=()
  for i; do
    for n in ${numbers[$i]}; do
      checked+=("${o_path[n]}")
      if [[ -e ${o_backup[n]} || -L ${o_backup[n]} ]]; then replaced+=("${o_backup[n]}"); else replaced+=(''); fi
    done
  done
}

# o_blame COMMAND: does the check fail without any of the new files?
o_blame() {
  o_tell_check
  o_look_and_listen "$1"
  if ((o_status)); then o_verdict=before; else o_verdict=ours; fi
}

# o_look_and_listen COMMAND: o_said is the beginning of what it printed.
o_look_and_listen() {
  local file=$o_state/runs/$o_run_id.said to
  umask 077
  o_said=''
  { exec {to}>|"$file"; } 2>&"$o_null" || exec {to}>&"$o_null"
  o_rubbish+=("$file")
  o_look "$1" >&"$to" 2>&1
  exec {to}>&-
  [[ ! -e $file ]] || IFS= read -r -d '' -n 4000 o_said <"$file"
}

# o_reject COMMAND COUNT: the current operation's file was put back.
o_reject() {
  [[ ! $o_check_late ]] || { o_block "$o_i"; echo "The check did not end within $o_patience s" >&2; }
  [[ ! $o_check_lost ]] || { o_block "$o_i"; echo 'The check was ended before it told anything' >&2; }
  if [[ $o_verdict == before ]]; then
    o_block "$o_i"
    (($2 == 1)) || printf '%s\n' "$o_said" >&2
    o_fail "$o_check_status" before "The check fails without this change too; nothing was changed: ${o_shown[$1]-$1}"
  else
    o_fail "$o_check_status" check "The check failed, the old state is back: ${o_shown[$1]-$1}"
  fi
}

# o_swap_in OPERATION...: keeps the old as a second name, notes how to go back, then renames. Fails when a file cannot be put
# in place, because a check would decide about the old one then; its operation has failed.
o_swap_in() {
  local i n kept=("${o_stuck[@]}") list=()
  for i; do
    for n in ${numbers[$i]}; do list+=("$n"); done
  done
  for n in "${list[@]}"; do
    if [[ -e ${o_path[n]} || -L ${o_path[n]} ]]; then
      ln -fPT -- "${o_path[n]}" "${o_backup[n]}" 2>&"$o_null" || cp -a -T -- "${o_path[n]}" "${o_backup[n]}" 2>&"$o_null"
      kept+=("${o_path[n]}" "${o_backup[n]}")
      o_rubbish+=("${o_backup[n]}")
    else
      kept+=("${o_path[n]}" '')
    fi
  done
  printf '%s\0' "${kept[@]/#.\//$PWD/}" >|"$o_state/undo"
  o_move_in "${list[@]}"
  o_are_in "${list[@]}"
}

# o_are_in NUMBER...: a file whose staged copy is still there was not moved.
o_are_in() {
  local n all=0
  for n; do
    [[ -e ${o_place[n]} || -L ${o_place[n]} ]] || continue
    o_i=${o_of[n]}
    o_quiet_then_loud mv -fT -- "${o_place[n]}" "${o_path[n]}" && continue
    o_rubbish+=("${o_place[n]}")
    o_fail 1 step
    all=1
  done
  return "$all"
}

# o_swap_out OPERATION...: the new goes back to where it was staged, for another try; the old is back in place.
o_swap_out() {
  local i n
  for i; do
    for n in ${numbers[$i]}; do
      ln -fPT -- "${o_path[n]}" "${o_place[n]}" 2>&"$o_null"
      o_rubbish+=("${o_place[n]}")
    done
  done
  o_undo
}

# Puts back what the undo list names. Also what the next script does first when one was killed before its check.
o_undo() {
  local path old
  o_stuck=()
  while IFS= read -r -d '' path && IFS= read -r -d '' old; do
    o_judge "${path%/*}"
    if [[ $o_ruling != ok && $o_ruling != sticky ]]; then
      false
    elif [[ ! $old ]]; then
      rm -f -- "$path"
    elif [[ -e $old || -L $old ]]; then
      mv -fT -- "$old" "$path" && { [[ $old != */.orchestra-*.out/* ]] || rmdir -- "${old%/*}" 2>&"$o_null" || :; }
    fi || o_stuck+=("$path" "$old")
  done <"$o_state/undo"
  o_stand
}

# What is in place may stay; what an undo could not put back is tried again by the next one.
o_stand() {
  : >|"$o_state/undo"
  ((${#o_stuck[@]} == 0)) || printf '%s\0' "${o_stuck[@]}" >|"$o_state/undo"
}
