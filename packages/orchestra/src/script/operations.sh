# shellcheck shell=bash disable=SC2034,SC2154 # variables of what stands before and behind it
# Operations, and the steps that run a command.

# o_op INDEX LABEL [RELOAD...]: the steps that follow belong to this operation.
o_op() {
  o_i=$1 o_label=$2 o_skip='' o_has_input='' o_covers[$1]=${*:3}
  [[ ! $o_refused ]] || o_bad[$1]=$o_refused
  [[ ! ${o_bad[$1]-} ]] || return 0
  printf 'at %s\n' "$1" >&"$o_journal"
  printf '%s at %s\n' "$o_mark" "$1"
}

# After the steps of prepare: when they failed, no operation runs.
o_prepared() {
  [[ ! ${o_bad[prepare]-} || $o_refused ]] || o_refused="${o_bad[prepare]%% *} prepare"
  o_results prepare
}

# o_changed INDEX
o_changed() {
  o_change[$1]=changed
  o_any=1
}

# o_guard COMMAND: leaves its status in o_status. One that cannot run decides nothing. Like o_subshell it must never be
# called where its status is tested.
o_guard() {
  o_status=0
  o_look "$1" >&"$o_null" 2>&1
  if [[ $o_lost ]]; then
    o_fail "$o_status" step "The guard was ended before it told anything: ${o_shown[$1]-$1}"
  elif [[ $o_late ]]; then
    o_fail 124 step "The guard did not end within $o_patience s: ${o_shown[$1]-$1}"
  elif ((o_status == 126 || o_status == 127)); then
    o_fail "$o_status" step "The guard cannot run: ${o_shown[$1]-$1}"
  fi
}

o_unless() {
  [[ ! ${o_bad[$o_i]-} && ! $o_skip ]] || return 0
  o_guard "$1"
  ((o_status)) || o_skip=1
}

o_only_if() {
  [[ ! ${o_bad[$o_i]-} && ! $o_skip ]] || return 0
  o_guard "$1"
  ((!o_status)) || o_skip=1
}

# o_input TEXT: stdin of the next command.
o_input() {
  o_text=$1 o_has_input=1
}

o_run() {
  if [[ ! ${o_bad[$o_i]-} && ! $o_skip ]] && o_owe; then
    o_block "$o_i"
    o_note_run
    if [[ $o_has_input ]]; then o_feed o_eval "$1"; else o_subshell "$1"; fi
    o_unsee
    if ((o_status)); then o_fail "$o_status" step; else o_changed "$o_i"; fi
  fi
  o_skip='' o_has_input='' o_text=''
}

# o_feed WORD...: runs the words with o_text as stdin. A here-string could put it on disk.
o_feed() {
  printf %s "$o_text" 2>&"$o_null" | ( o_body; "$@" )
  o_status=${PIPESTATUS[1]}
}

# o_text TEXT: a part of a program, unless its operation may not run.
o_text() {
  [[ ${o_bad[$o_i]-} ]] || o_program+=$1
}

# o_interpret WORD...: another interpreter runs the whole program; its status is that of the operations.
o_interpret() {
  o_text=$o_program
  o_feed "$@"
  o_text='' o_program=''
}

# o_interpreted INDEX...
o_interpreted() {
  for o_i; do
    [[ ! ${o_bad[$o_i]-} ]] || continue
    o_note_run
    if ((o_status)); then o_fail "$o_status" step; else o_changed "$o_i"; fi
  done
}
