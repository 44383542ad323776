# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of those who use it
# How a command is run strictly, and how one that only looks is kept from taking for ever.

# o_eval COMMAND: after o_body. Where a character may have several bytes, bash takes quadratic time for quotes: what is long it takes
# as bytes, and the programs that it starts are in their locale nevertheless.
o_eval() {
  ((${#1} < 32768)) || o_in_bytes
  eval "$1"
}

o_in_bytes() {
  if [[ ${LC_ALL-} ]]; then
    export -n LC_ALL
    export LC_CTYPE=$LC_ALL LC_COLLATE=$LC_ALL LC_MESSAGES=$LC_ALL LC_MONETARY=$LC_ALL LC_NUMERIC=$LC_ALL LC_TIME=$LC_ALL
  fi
  LC_ALL=C
}

# Runs a command where `set -e` works, which it does not wherever a status is being tested.
o_subshell() {
  ( o_body; o_eval "$1" )
  o_status=$?
}

# o_patient SECONDS: how long what only looks may take.
o_patient() {
  local part=000000
  [[ $1 != *.* ]] || part=${1#*.}000000
  o_patience=$1
  part=$(((10#${1%%.*} * 1000000 + 10#${part:0:6}) / o_parts + 1))
  printf -v o_part %d.%06d $((part / 1000000)) $((part % 1000000))
}

# The time goes by in parts: one at most is lost to a machine that stood still meanwhile.
o_parts=20 o_patience=''

# o_look COMMAND: as o_subshell, for what only looks. One that does not end in time is ended, and its script goes on; o_late says
# so. One that was ended by somebody else has no answer, which is none of the statuses that it could have told: o_lost says so.
o_look() {
  local from pid left=$o_parts
  o_late='' o_lost=''
  [[ $o_patience ]] || { o_subshell "$1"; return 0; }
  exec {o_out}>&1
  exec {from}< <( ( exec >&"$o_out" {o_out}>&-; o_body; o_eval "$1" ); echo $? )
  pid=$!
  exec {o_out}>&-
  until read -r -t "$o_part" -u "$from" o_status; do
    (($? > 128)) || { o_lost=1 o_status=125; break; }
    # An answer that is there counts, however late it is looked for.
    ((--left > 0)) || read -r -t 0 -u "$from" || { o_late=1 o_status=124; break; }
  done
  [[ ! $o_late$o_lost ]] || o_end_tree "$pid" 2>/dev/null
  exec {from}<&-
  wait "$pid" 2>/dev/null
}

# o_end_tree PID: stopped first, so that it starts nothing more meanwhile.
o_end_tree() {
  local children=() child
  kill -STOP "$1"
  read -r -a children <"/proc/$1/task/$1/children"
  for child in "${children[@]}"; do o_end_tree "$child"; done
  kill -KILL "$1"
}
