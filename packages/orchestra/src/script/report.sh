# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # variables of what stands before and behind it
# What a script tells: blocks of output, results, the journal.

# o_block INDEX: what both streams carry from here on belongs to this operation; `-` is the script as a whole.
o_block() {
  [[ $o_at != "$1" ]] || return 0
  o_at=$1
  printf '%s block %s\n' "$o_mark" "$1"
  printf '%s block %s\n' "$o_mark" "$1" >&2
}

# o_fail STATUS REASON [MESSAGE]: the current operation failed; its other steps do nothing.
o_fail() {
  [[ ! ${o_bad[$o_i]-} ]] || return 0
  o_bad[$o_i]="$1 $2"
  [[ ${3-} ]] || return 0
  o_block "$o_i"
  printf '%s\n' "$3" >&2
}

# o_shows COMMAND TEXT: how messages name a command that holds secrets.
o_shows() {
  o_shown[$1]=$2
}

# o_record KIND WORD...: one line for the worker, and for the journal in case the worker never reads it.
o_record() {
  printf '%s\n' "$*" >&"$o_journal"
  printf '%s %s\n' "$o_mark" "$*"
}

# o_now INDEX...: what may hang, or take the script along, is at work for these operations.
o_now() {
  local kind=at
  while (($#)); do
    o_record "$kind" "${@:1:100}"
    kind=also
    shift $(($# < 100 ? $# : 100))
  done
}

# o_results INDEX...: these operations have no steps left.
o_results() {
  local i well=()
  for i; do
    # Of what was never ours there was nothing to remove.
    [[ ${o_bad[$i]-} != '0 nothing' ]] || o_bad[$i]=''
    if [[ ${o_bad[$i]-} ]]; then
      o_tell_well "${well[@]}"
      well=()
      o_tell_failed "$i"
    elif [[ $o_defer ]]; then
      o_waiting+=("$i")
    else
      well+=("$i" "${o_change[$i]:-unchanged}")
      [[ ! ${o_disowns[$i]-} ]] || o_give_marks "$i"
    fi
  done
  o_tell_well "${well[@]}"
}

# o_tell_well [INDEX CHANGE]...: as o_record does, a line for each, by one call for many.
o_tell_well() {
  (($#)) || return 0
  printf 'result %s ok 0 step %s\n' "$@" >&"$o_journal"
  # shellcheck disable=SC2059 # the mark has nothing that printf reads
  printf "$o_mark result %s ok 0 step %s\n" "$@"
}

# o_tell_failed INDEX
o_tell_failed() {
  local result=(result "$1" failed "${o_bad[$1]}" "${o_change[$1]:-unchanged}")
  if [[ ${o_bad[$1]} == *' foreign' ]]; then
    o_encode "${o_subject[$1]-${o_subject[prepare]-}}"
    # shellcheck disable=SC2154 # o_encode sets it
    result+=("$o_code")
  fi
  o_record "${result[@]}"
}

# An object is not done before the service runs with it: where something follows, success is told after it.
o_flush() {
  o_defer=''
  o_results "${o_waiting[@]}"
}

# A commit that failed leaves every operation to be tried again.
o_refuse_waiting() {
  local i
  [[ ${o_bad[commit]-} ]] || return 0
  for i in "${o_waiting[@]}"; do o_bad[$i]=${o_bad[$i]:-"${o_bad[commit]%% *} commit"}; done
}
