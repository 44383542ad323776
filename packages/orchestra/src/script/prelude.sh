# shellcheck shell=bash disable=SC2154 # variables of what stands before it
# Orchestra's prelude: what every script that Orchestra sends can do. All names start with o_.
#
# A process costs a hundred times what a builtin does. So what happens for each object is builtins only:
# steps compare, write new content beside its place, and note what is left to do. `o_settle` then does it for many
# objects at once: one mkdir, one mv for each directory. What a shared command leaves undone is tried again for
# its object alone, in its own block, so that the error is shown where it belongs.

# --- The run ----------------------------------------------------------------------------------------------

# o_begin RUN BACKEND FENCE WAIT TOKEN [AHEAD]: locks the server, or ends the script with a status that says why not.
o_begin() {
  o_run_id=$1 o_ahead=${6-} o_mark=$'\036'"orchestra:$5" o_at=- o_i=- o_defer='' o_any=''
  IFS=$' \t\n' LC_ALL=C
  # A reader that went away does not end the script in the middle of its work; the journal keeps the results.
  trap '' PIPE
  set -fC
  umask 022
  o_find_state
  o_lock "$4"
  # Only runs leave a fence: that the trash was looked at since, or a run asked after, does not hide that all is gone.
  [[ -e $o_state/fence ]] || o_is_fresh=1
  o_raise_fence "$3"
  [[ ! -e $o_state/runs/$1 ]] || exit 84
  o_owed=$o_state/owed/$2
  if ! exec {o_journal}>"$o_state/runs/$1" {o_null}>/dev/null; then
    exit 85
  fi
  echo 'begin' >&"$o_journal"
  declare -gA o_bad=() o_change=() o_touched=() o_beside=() o_made=() o_covers=() o_command=() o_debt=() o_old_debt=() o_shown=()
  declare -gi o_errands=0
  o_whole='' o_user='' o_ruling='' o_who='' o_blind='' o_sticky=''
  o_begin_ownership "$2"
  o_waiting=() o_all=() o_rubbish=() o_stuck=() o_standing=() o_asides=() o_refused='' o_program=''
  o_forget
  o_read_debts
  o_read_litter
  o_read_ahead
  [[ ! -s $o_state/undo ]] || o_undo
  # Somebody may know that this server should remember more.
  [[ ! ${o_is_fresh-} ]] || o_record fresh
}

# Where a server remembers: the lock, the fence, journals of runs, reloads it owes.
o_find_state() {
  local home=/var/lib/orchestra
  ((EUID == 0)) || home=$HOME/.local/state/orchestra
  o_state=${ORCHESTRA_STATE:-$home}
  [[ ! ${ORCHESTRA_STATE-} ]] || o_check_state
  [[ -d $o_state/runs && -d $o_state/owed ]] && return
  umask 077
  mkdir -p -- "$o_state/runs" "$o_state/owed" || exit 85
  umask 022
}

# A server's own directory may be anywhere: what others can change there is not remembered but believed.
o_check_state() {
  o_judge "$o_state"
  [[ $o_ruling != ok ]] || return 0
  [[ $o_ruling != as:* ]] || o_ruling="no:$o_state is in a place of $(o_called passwd "${o_ruling#as:}")"
  printf '%s: Orchestra cannot keep its state there\n' "${o_ruling#no:}" >&2
  exit 85
}

# o_within SECONDS: what is still at work so long after it had the lock has outlived its worker, which would have ended it.
o_within() {
  o_limit=$1
}

# o_lock WAIT: one script at a time.
o_lock() {
  exec {o_lock}>>"$o_state/lock" || exit 85
  flock -w "$1" "$o_lock" || {
    [[ $? == 1 ]] || exit 85
    o_end_overdue && flock -w 10 "$o_lock" || exit 88
  }
  # Whoever had the lock may have given away what was looked at before.
  o_unsee
  o_note_holder
}

# Who has the lock, and until when, in seconds since the machine started.
o_note_holder() {
  local now='' words=''
  if [[ ${o_limit-} && ${o_words[19]-} ]]; then
    read -r now _ </proc/uptime
    words="$((${now%%.*} + o_limit)) $$ ${o_words[19]} ${o_words[2]}"
  elif [[ ! -s $o_state/holder ]]; then
    return 0
  fi
  { printf '%s\n' "$words" >|"$o_state/holder"; } 2>/dev/null
}

# Ends whoever has the lock beyond its time; fails where it may be at work for long yet. The group of a process that is another by now
# is nobody's.
o_end_overdue() {
  local until pid since group now line words
  read -r until pid since group 2>/dev/null <"$o_state/holder" || return 1
  [[ "$until $pid $since $group" =~ ^[0-9]+( [0-9]+){3}$ ]] || return 1
  read -r now _ </proc/uptime
  ((${now%%.*} > until)) || return 1
  { IFS= read -r line <"/proc/$pid/stat"; } 2>/dev/null || return 1
  read -r -a words <<<"${line##*) }"
  [[ ${words[19]} == "$since" && ${words[2]} == "$group" && $group != "${o_words[2]-}" ]] || return 1
  echo "A script that outlived its time and its worker is ended" >&2
  kill -KILL -- "-$group"
}

# o_raise_fence FENCE: no script of an older owner of this server after one of a newer.
o_raise_fence() {
  local seen=0
  [[ ! -e $o_state/fence ]] || read -r seen <"$o_state/fence"
  ((seen <= $1)) || exit 87
  ((seen < $1)) || return 0
  printf '%s\n' "$1" >|"$o_state/fence.new" && mv -f -- "$o_state/fence.new" "$o_state/fence" || exit 85
}

# Files that an earlier script left when it was killed. They go when this one ends.
o_read_litter() {
  local list path
  set +f
  for list in "$o_state"/runs/*.litter; do
    [[ -e $list ]] || continue
    while IFS= read -r -d '' path; do
      [[ ! -e $path && ! -L $path ]] || o_find_litter "$path"
    done <"$list"
    o_rubbish+=("$list")
  done
  set -f
}

# o_find_litter PATH: what somebody else could have led elsewhere meanwhile is removed as that user, or stays.
o_find_litter() {
  o_judge "${1%/*}"
  if [[ $o_ruling == ok || $o_ruling == sticky ]]; then
    o_rubbish+=("$1")
  elif [[ $o_ruling == as:* ]]; then
    # shellcheck disable=SC2016 # that user's bash reads it
    printf '%s\0' "$1" | o_as_owner "${o_ruling#as:}" 'IFS= read -rd "" path; rm -rf -- "$path"' >&"$o_null"
  fi
}

# Content that scripts brought ahead for a run that did not come to use it, unless this script brings more of it.
o_read_ahead() {
  local file
  [[ -d $o_state/ahead ]] || return 0
  set +f
  for file in "$o_state"/ahead/*; do
    [[ ! -e $file || ( $o_ahead && $file == "$o_state/ahead/$o_ahead".* ) ]] || o_rubbish+=("$file")
  done
  set -f
}

# o_acknowledge RUN...: the outcome of these runs is known elsewhere; their journals may go.
o_acknowledge() {
  o_rubbish+=("${@/#/$o_state/runs/}")
}

# o_recover WAIT TOKEN RUN...: what became of these runs. One that never began will not begin any more.
o_recover() {
  local run line
  o_mark=$'\036'"orchestra:$2"
  o_find_state
  o_lock "$1"
  for run in "${@:3}"; do
    if [[ -e $o_state/runs/$run ]]; then
      printf '%s run %s began\n' "$o_mark" "$run"
      while IFS= read -r line; do printf '%s %s\n' "$o_mark" "$line"; done <"$o_state/runs/$run"
    else
      printf '%s run %s absent\n' "$o_mark" "$run"
      echo revoked >"$o_state/runs/$run"
    fi
  done
  printf '%s end\n' "$o_mark"
}

# The last thing a script does.
o_end() {
  o_pay
  o_refuse_waiting
  o_flush
  o_drop_marks
  echo 'done' >&"$o_journal"
  o_block -
  printf '%s end\n' "$o_mark"
  # The list of what to clean goes after what it lists.
  [[ ! ${o_litter_fd-} ]] || o_rubbish+=("$o_state/runs/$o_run_id.litter")
  ((${#o_rubbish[@]} == 0)) || o_sweep
}

# What a mount was moved into meanwhile stays for the next script. Nothing comes after it, so the process takes the place of this one.
o_sweep() {
  local path going=()
  for path in "${o_rubbish[@]}"; do
    [[ $path == */.orchestra-*.gone.* ]] && o_mounted "$path" || going+=("$path")
  done
  ((${#going[@]} > 200)) || exec rm -rf -- "${going[@]}" 2>&"$o_null"
  o_many 3 rm -rf -- "${going[@]}"
}

# --- Output -----------------------------------------------------------------------------------------------

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

# --- Operations -------------------------------------------------------------------------------------------

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

# In the subshell of a command: as if Orchestra were not there, and strict.
o_body() {
  exec {o_lock}>&- {o_journal}>&- {o_null}>&-
  [[ ! ${o_litter_fd-} ]] || exec {o_litter_fd}>&-
  trap - PIPE
  set +fC
  umask 022
  if [[ ${o_locale-unset} == unset ]]; then unset LC_ALL; else LC_ALL=$o_locale; fi
  unset o_mark
  set -eu -o pipefail
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

# --- Files: what a step does ------------------------------------------------------------------------------

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
    { exec {o_litter_fd}>>"$o_state/runs/$o_run_id.litter"; } 2>&"$o_null"
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

# --- In somebody's place ------------------------------------------------------------------------------------

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

# --- Trash ------------------------------------------------------------------------------------------------

# o_trash PATH DIRECTORY RESTORE NOTE: out of the way, with what is needed to put it back. An entry without `data` is one
# whose move did not end; its path has everything still.
o_trash() {
  local skip=$o_skip back=$PWD
  o_skip=''
  [[ ! $skip ]] && o_step "$1" gone || return 0
  [[ -e $1 || -L $1 ]] && o_owe || return 0
  o_block "$o_i"
  o_absolute "$1"
  local path=$o_whole
  if o_enter "$path" && o_may_move "$path" && o_find_trash "$path" "$2" && o_make_entry "$path" "$3" "$4" && o_into_trash "$path"; then
    o_changed "$o_i"
  else
    o_fail 1 step
  fi
  cd -- "$back" || exit 85
  o_unsee
}

# o_enter PATH: into its directory. That is a handle: whatever others make of the names that led there, what is done to a name in
# `.` is done in the directory that stood there without a link on the way.
o_enter() {
  local dir=${1%/*}
  cd -P -- "${dir:-/}" || return 1
  [[ $PWD != "${dir:-/}" ]] || return 0
  echo "$dir leads to $PWD: name the directory itself" >&2
  return 1
}

# o_mount PATH: o_on is the top of the file system that it is on.
o_mount() {
  IFS= read -r -d '' o_on < <(stat --printf '%m\0' -- "$1")
}

o_may_move() {
  [[ -d $1 && ! -L $1 ]] && o_mounted "$1" || return 0
  if [[ $o_on == "$1" ]]; then
    echo "$1 is a file system of its own: unmount it, then it can go" >&2
  else
    echo "$1 stays: a file system is mounted in it, at $o_on" >&2
  fi
  return 1
}

# o_find_trash PATH DIRECTORY: o_top is the trash to use, o_near whether a rename leads there from `.`. Another file system has a
# trash of its own, where nobody else could make one; if not, what goes is copied.
o_find_trash() {
  local from
  o_mount . || return 1
  from=$o_on o_top=$o_state/trash
  if [[ $2 != - ]]; then
    o_absolute "$2"
    o_top=$o_whole
  elif o_mount "$o_state" && [[ $o_on != "$from" ]] && o_make_trash "${from%/}/.orchestra-trash" 2>&"$o_null"; then
    o_top=${from%/}/.orchestra-trash
  fi
  o_make_trash "$o_top" && o_register_trash && o_mount "$o_top" || return 1
  o_near=''
  [[ $o_on != "$from" ]] || o_near=1
}

# o_make_trash DIRECTORY: nobody else may put something in our way there, now or later.
o_make_trash() {
  [[ -d $1 ]] || o_is_ours "${1%/*}" || return 1
  umask 077
  mkdir -p -- "$1" || return 1
  o_is_ours "$1"
}

# o_is_ours DIRECTORY: we alone may act in it; says why not.
o_is_ours() {
  o_judge "$1"
  [[ $o_ruling != ok ]] || return 0
  [[ $o_ruling != sticky ]] || o_ruling="no:$1 is writable by others"
  [[ $o_ruling != as:* ]] || o_ruling="no:$1 is a place of $(o_called passwd "${o_ruling#as:}")"
  printf '%s: it cannot be a trash\n' "${o_ruling#no:}" >&2
  return 1
}

# What is not below the state directory is found again by this list.
o_register_trash() {
  local known=() one
  [[ $o_top != "$o_state/trash" ]] || return 0
  [[ ! -e $o_state/trashes ]] || mapfile -t -d '' known <"$o_state/trashes"
  for one in "${known[@]}"; do [[ $one != "$o_top" ]] || return 0; done
  printf '%s\0' "$o_top" >>"$o_state/trashes"
}

# o_make_entry PATH RESTORE NOTE: o_entry is a directory for it, which tells what it is.
o_make_entry() {
  local now
  TZ=UTC0 printf -v now '%(%Y%m%dT%H%M%SZ)T' -1
  o_trashed=$((${o_trashed:-0} + 1))
  o_entry=$o_top/${o_owed##*/}/$now-${o_run_id:0:8}-$o_trashed
  umask 077
  mkdir -p -- "$o_entry" || return 1
  o_note_marks "$o_entry" || return 1
  printf '%s\0' "$EPOCHSECONDS" "$o_label" "$1" "$2" "$3" >"$o_entry/meta"
}

# o_into_trash PATH: a copy is whole before its path is given up, which happens at once.
o_into_trash() {
  local name=./${1##*/} aside=.orchestra-$o_run_id.gone.$o_trashed
  if [[ $o_near ]]; then
    mv -fT -- "$name" "$o_entry/data"
    return
  fi
  o_litter "$o_entry/copy" "${1%/*}/$aside" || return 1
  if mkdir -- "$o_entry/copy" && o_copy_out "$name" "$o_entry/copy" && mv -fT -- "$o_entry/copy/$name" "$o_entry/data"; then
    rmdir -- "$o_entry/copy"
    o_give_up_copied "${1%/*}/" "$name" "$aside" && return
  fi
  # Nothing was given up.
  [[ ! -e $name && ! -L $name ]] || o_rubbish+=("$o_entry")
  return 1
}

# o_copy_out NAME DIRECTORY: of a tree in which somebody may move things meanwhile. tar opens each directory in the one above and
# follows no link, where cp goes by names again and again. That a file changed while it was read is no failure (1).
o_copy_out() {
  local form=(--no-unquote --numeric-owner --acls --xattrs --xattrs-include='*') ended
  tar -c --sparse --one-file-system "${form[@]}" -f - -- "$1" | tar -x -p --same-owner "${form[@]}" -f - -C "$2"
  ended=("${PIPESTATUS[@]}")
  ((ended[0] < 2 && ended[1] == 0))
}

# o_give_up_copied DIRECTORY NAME ASIDE: in somebody's place that user removes it.
o_give_up_copied() {
  local said
  if [[ ! $o_who ]]; then
    mv -fT -- "$2" "./$3" && o_rubbish+=("$1$3")
    return
  fi
  # shellcheck disable=SC2016 # that user's bash reads it
  said=$(printf '%s\0' "$1" "$2" "$3" | o_as_owner "$o_who" '
    IFS= read -rd "" dir && IFS= read -rd "" name && IFS= read -rd "" aside
    { cd -P -- "$dir" && mv -fT -- "$name" "$aside" && rm -rf -- "$aside"; } 2>&1')
  [[ ! $said ]] || printf '%s\n' "${said:0:1000}" >&2
  [[ ! -e $2 && ! -L $2 ]]
}

# --- Files: what is done for many at once -----------------------------------------------------------------

o_forget() {
  o_touched=()
  declare -gi o_n=0
  o_place=() o_backup=() o_path=() o_of=() o_check=() o_mode=()
  declare -gA o_chown=()
  o_kept_path=() o_kept_mode=() o_kept_owner=() o_kept_of=()
  o_new_path=() o_new_mode=() o_new_owner=() o_new_of=()
  o_link_path=() o_link_target=() o_link_of=()
  o_gone_path=() o_gone_how=() o_gone_of=()
  declare -gA o_handing=()
  o_errand_of=() o_errand_who=() o_errand_path=() o_errand_text=() o_errand_how=()
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
  mapfile -d '' -t holds < <(o_many 3 readlink -z -- "${paths[@]}")
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

# A umask cannot give every mode, and where a directory says what new files in it get, it gives none.
o_settle_modes() {
  local n k=0 staged=("${!o_mode[@]}") is=() places=()
  local -A of_mode=()
  for n in "${staged[@]}"; do places+=("${o_place[n]}"); done
  mapfile -t is < <(o_many 4 stat -c %a -- "${places[@]}")
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
  mapfile -t is < <(o_many 4 stat -c '%a %U %G %u %g' -- "${o_kept_path[@]}")
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

# --- Checks -----------------------------------------------------------------------------------------------

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

# --- Standing files that break a check --------------------------------------------------------------------

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
  [[ ! ${o_litter_fd-} ]] || o_rubbish+=("$o_state/runs/$o_run_id.litter")
  ((${#o_rubbish[@]} == 0)) || o_many 3 rm -rf -- "${o_rubbish[@]}"
}

# --- Owed reloads -----------------------------------------------------------------------------------------

# o_reload NAME COMMAND [all]: NAME is reload.SERVICE or restart.SERVICE; `all` binds it to every change.
o_reload() {
  o_command[$1]=$2 o_defer=1
  [[ ${3-} != all ]] || o_all+=("$1")
}

# Something follows the operations on which their success depends.
o_follows() {
  o_defer=1
}

o_read_debts() {
  local debt
  [[ -d $o_owed ]] || return 0
  set +f
  for debt in "$o_owed"/*; do
    [[ ! -e $debt ]] || o_debt[${debt##*/}]=1 o_old_debt[${debt##*/}]=1
  done
  set -f
}

# Before the current operation changes anything: write down what will be owed then.
o_owe() {
  local name
  [[ ${o_all[*]-}${o_covers[$o_i]-} ]] || return 0
  for name in "${o_all[@]}" ${o_covers[$o_i]-}; do
    [[ ${o_debt[$name]-} ]] || o_write_debt "$name" || { o_fail 1 step; return 1; }
  done
}

# o_write_debt NAME: with the command that pays it, for a script that does not know it.
o_write_debt() {
  [[ -d $o_owed ]] || mkdir -- "$o_owed" || return 1
  printf '%s\0' "${o_command[$1]}" >|"$o_owed/$1" || return 1
  o_debt[$1]=1
}

# Reloads what is owed and clears what succeeded. Operations that caused a reload that fails are not done: they
# fail with it, the debt stays, and the next try of any of them tries it again.
o_pay() {
  local name service
  for name in "${!o_debt[@]}"; do
    service=${name#*.}
    if ! o_due "$name"; then
      # Owed by an operation that changed nothing in the end.
      o_rubbish+=("$o_owed/$name")
    elif [[ $name != restart.* && ${o_debt[restart.$service]-} ]] && o_due "restart.$service"; then
      continue
    elif o_pay_one "$name"; then
      o_rubbish+=("$o_owed/$name")
      [[ $name != restart.* ]] || o_rubbish+=("$o_owed/reload.$service")
    else
      o_unpaid "$name" "$o_status"
    fi
  done
}

# o_due NAME: owed from before, or something it covers changed.
o_due() {
  local i
  [[ ! ${o_old_debt[$1]-} ]] || return 0
  [[ " ${o_all[*]-} " != *" $1 "* || ! $o_any ]] || return 0
  for i in "${!o_change[@]}"; do
    [[ " ${o_covers[$i]-} " != *" $1 "* ]] || return 0
  done
  return 1
}

# o_pay_one NAME
o_pay_one() {
  local command=${o_command[$1]-}
  [[ $command ]] || IFS= read -r -d '' command <"$o_owed/$1" || command="systemctl ${1%%.*} ${1#*.}"
  o_now commit
  o_block commit
  o_subshell "$command"
  if ((o_status)); then o_record reload "$1" failed "$o_status"; else o_record reload "$1" ok 0; fi
  ((o_status == 0))
}

# o_unpaid NAME STATUS: whose success waited for it. Of a debt from before nobody knows whose it was: all.
o_unpaid() {
  local i
  for i in "${o_waiting[@]}"; do
    if [[ ${o_old_debt[$1]-} ]] || { [[ ${o_change[$i]-} ]] && o_covered "$i" "$1"; }; then
      o_bad[$i]=${o_bad[$i]:-"$2 $1"}
    fi
  done
}

# o_covered INDEX NAME
o_covered() {
  [[ " ${o_all[*]-} ${o_covers[$1]-} " == *" $2 "* ]]
}
