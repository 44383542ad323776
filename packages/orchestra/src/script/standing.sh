# shellcheck shell=bash disable=SC2034,SC2154 # variables of what stands before and behind it
# Standing files that break a check: finding them, and taking them out.

# o_stands INDEX PATH...: files of one object that stands here. Those that are there can be put out of sight.
o_stands() {
  local path
  declare -gA o_files o_is_out
  for path in "${@:2}"; do
    [[ -f $path || -L $path ]] || continue
    o_standing+=("$path")
    o_files[$1]+=" $((${#o_standing[@]} - 1))"
  done
}

# o_aside PATH: where it is meanwhile, hidden from what reads its directory.
o_aside() {
  o_beside_it=${1%/*}/.orchestra-$o_run_id.out
}

# o_put_out INDEX...: should this script be killed, the next one puts everything back first.
o_put_out() {
  local i n list=()
  for i; do
    for n in ${o_files[$i]}; do list+=("$n"); o_is_out[$n]=1; done
  done
  for n in "${list[@]}"; do o_make_aside "${o_standing[n]}"; done
  o_note_out
  o_carry out "${list[@]}"
}

# o_put_back INDEX...
o_put_back() {
  local i n list=()
  for i; do
    for n in ${o_files[$i]}; do list+=("$n"); done
  done
  o_carry back "${list[@]}"
  for n in "${list[@]}"; do unset "o_is_out[$n]"; done
  o_note_out
}

o_make_aside() {
  o_aside "$1"
  [[ ! -d $o_beside_it ]] || return 0
  umask 077
  mkdir -- "$o_beside_it" && o_asides+=("$o_beside_it")
}

# What is out of sight, and the way back of each.
o_note_out() {
  local n list=()
  for n in "${!o_is_out[@]}"; do
    o_aside "${o_standing[n]}"
    list+=("${o_standing[n]}" "$o_beside_it/${o_standing[n]##*/}")
  done
  : >|"$o_state/undo"
  ((${#list[@]} == 0)) || printf '%s\0' "${list[@]/#.\//$PWD/}" >|"$o_state/undo"
}

# o_carry out|back NUMBER...: one mv for those that share a directory.
o_carry() {
  local way=$1 n dir
  local -A of_dir=()
  for n in "${@:2}"; do of_dir[${o_standing[n]%/*}/]+=" $n"; done
  for dir in "${!of_dir[@]}"; do
    local paths=()
    for n in ${of_dir[$dir]}; do
      o_aside "${o_standing[n]}"
      if [[ $way == out ]]; then paths+=("${o_standing[n]}"); else paths+=("$o_beside_it/${o_standing[n]##*/}"); fi
    done
    if [[ $way == out ]]; then o_many 5 mv -f -t "$o_beside_it" -- "${paths[@]}"; else o_many 5 mv -f -t "$dir" -- "${paths[@]}"; fi
  done
}

# o_search COMMAND MOST: which objects make this check fail; their files stay where they are. More than MOST are no fault of theirs.
o_search() {
  local named=()
  o_most=$2 o_found=0 o_looks=0 o_unsure=''
  o_passes "$1" && { o_record passes; return 0; }
  ((${#o_files[@]})) || return 0
  o_named named
  if ((${#named[@]})); then
    o_put_out "${named[@]}"
    if o_passes "$1"; then o_narrow "$1" "${named[@]}"; else o_put_back "${named[@]}"; fi
  fi
  if ((!o_found)); then
    o_put_out "${!o_files[@]}"
    if o_passes "$1"; then o_narrow "$1" "${!o_files[@]}"; fi
  fi
  o_put_back "${!o_files[@]}"
}

# o_passes COMMAND: its output is o_said.
o_passes() {
  o_looks=$((o_looks + 1))
  o_record looking
  # Not tested itself, so that `set -e` works in it.
  o_look_and_listen "$1"
  # A check that somebody ended blames nobody.
  [[ ! $o_lost && $o_status != 137 && $o_status != 143 ]] || o_unsure=1
  ((o_status == 0))
}

# o_named ARRAY: objects of whose files the check spoke.
o_named() {
  local -n into=$1
  local i n
  for i in "${!o_files[@]}"; do
    for n in ${o_files[$i]}; do
      [[ $o_said == *"${o_standing[n]/#.\//}"* ]] || continue
      into+=("$i")
      break
    done
  done
  ((${#into[@]} <= 20)) || into=()
}

# o_narrow COMMAND INDEX...: without these the check passes. They come back in halves, as long as it does.
o_narrow() {
  local command=$1 half
  shift
  [[ ! $o_unsure ]] && ((o_found <= o_most && o_looks < 200)) || return 0
  o_put_back "$@"
  if o_passes "$command"; then return 0; fi
  o_put_out "$@"
  [[ ! $o_unsure ]] || return 0
  if (($# == 1)); then
    o_found=$((o_found + 1))
    o_record broken "$1"
    o_block "$1"
    printf '%s\n' "$o_said" >&2
    return
  fi
  half=$(($# / 2))
  o_narrow "$command" "${@:1:half}"
  o_narrow "$command" "${@:half+1}"
}

# o_take_out INDEX...: their files are gone for good; whoever saves these objects makes them anew.
o_take_out() {
  o_put_out "$@"
  ((${#o_asides[@]} == 0)) || o_litter "${o_asides[@]}" || exit 1
  o_rubbish+=("${o_asides[@]}")
  o_is_out=()
  o_note_out
}

# The last thing a search does. It pays no debts: what is broken is not reloaded.
o_end_search() {
  echo 'done' >&"$o_journal"
  o_block -
  [[ ${o_unsure-} ]] || printf '%s end\n' "$o_mark"
  # What could not be put back stays where it is.
  ((${#o_asides[@]} == 0)) || o_many 2 rmdir -- "${o_asides[@]}"
  o_sweep
}
