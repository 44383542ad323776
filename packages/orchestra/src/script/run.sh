# shellcheck shell=bash disable=SC2034,SC2154 # variables of what stands before and behind it
# Orchestra's prelude: what every script that Orchestra sends can do. All names start with o_.
#
# A process costs a hundred times what a builtin does. So what happens for each object is builtins only:
# steps compare, write new content beside its place, and note what is left to do. `o_settle` then does it for many
# objects at once: one mkdir, one mv for each directory. What a shared command leaves undone is tried again for
# its object alone, in its own block, so that the error is shown where it belongs.
#
# This file: how a run begins and ends, what it remembers, and what it cleans up.

# What is empty when a run begins is said outside of functions: a bash that stays says it once, and each script has a copy of it.
declare -A o_bad=() o_change=() o_touched=() o_beside=() o_made=() o_covers=() o_command=() o_debt=() o_old_debt=() o_shown=()
declare -i o_errands=0
o_whole='' o_user='' o_ruling='' o_who='' o_blind='' o_sticky='' o_defer='' o_any='' o_refused='' o_program='' o_held=''
o_waiting=() o_all=() o_rubbish=() o_stuck=() o_standing=() o_asides=()

# o_begin RUN BACKEND FENCE WAIT TOKEN [AHEAD]: locks the server, or ends the script with a status that says why not.
o_begin() {
  o_run_id=$1 o_ahead=${6-} o_mark=$'\036'"orchestra:$5" o_at=- o_i=-
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
  o_owned=$o_state/owned/$2
  o_read_debts
  o_read_litter
  o_read_ahead
  [[ ! -s $o_state/undo ]] || o_undo
  # Somebody may know that this server should remember more.
  [[ ! ${o_is_fresh-} ]] || o_record fresh
}

# What a server remembers is there, or can be.
o_find_state() {
  o_where
  [[ ! ${ORCHESTRA_STATE-} ]] || o_check_state
  [[ -d $o_state/runs && -d $o_state/owed ]] && return
  umask 077
  mkdir -p -- "$o_state/runs" "$o_state/owed" || exit 85
  umask 022
}

# A server's own directory may be anywhere: what others can change there is not remembered but believed.
o_check_state() {
  o_read_holder
  # Nobody has the lock since the last one ended.
  [[ $o_holder != *' done' ]] || o_held=$o_holder
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
  # Whoever had the lock when something was looked at, or since, may have given it away.
  [[ ! $o_held ]] || o_read_holder
  [[ $o_held && $o_holder == "$o_held" ]] || o_unsee
  o_note_holder
}

# o_holder: who got the lock last. Whoever gets it changes that.
o_read_holder() {
  o_holder=''
  [[ ! -f $o_state/holder ]] || read -r o_holder <"$o_state/holder"
}

# Who has the lock, and until when, in seconds since the machine started. When it has ended, o_holder says so.
o_note_holder() {
  local now='' words=''
  o_holder=''
  if [[ ${o_limit-} && ${o_words[19]-} ]]; then
    read -r now _ </proc/uptime
    words="$((${now%%.*} + o_limit)) $$ ${o_words[19]} ${o_words[2]}"
    o_holder="$words ${o_run_id-} done"
  elif [[ ! -s $o_state/holder ]]; then
    return 0
  fi
  { printf '%s\n' "$words" >|"$o_state/holder"; } 2>/dev/null
}

# Ends whoever has the lock beyond its time; fails where it may be at work for long yet. The group of a process that is another by now
# is nobody's.
o_end_overdue() {
  local until pid since group now line words
  read -r until pid since group _ 2>/dev/null <"$o_state/holder" || return 1
  [[ "$until $pid $since $group" =~ ^[0-9]+( [0-9]+){3}$ ]] || return 1
  read -r now _ </proc/uptime
  ((${now%%.*} > until)) || return 1
  { IFS= read -r line <"/proc/$pid/stat"; } 2>/dev/null || return 1
  read -r -a words <<<"${line##*) }"
  [[ ${words[19]} == "$since" && ${words[2]} == "$group" && $group != "${o_words[2]-}" ]] || return 1
  echo "A script that outlived its time and its worker is ended" >&2
  kill -KILL -- "-$group"
}

# o_heed_fence FENCE: no script of an older owner of this server after one of a newer; o_seen is the newest that was seen.
o_heed_fence() {
  o_seen=0
  [[ ! -e $o_state/fence ]] || read -r o_seen <"$o_state/fence"
  ((o_seen <= $1)) || exit 87
}

# o_raise_fence FENCE: none of an older one from now on.
o_raise_fence() {
  o_heed_fence "$1"
  ((o_seen < $1)) || return 0
  printf '%s\n' "$1" >|"$o_state/fence.new" && mv -f -- "$o_state/fence.new" "$o_state/fence" || exit 85
}

# Files that an earlier script left when it was killed. They go when this one ends. An older release had a list for each run.
o_read_litter() {
  local list path
  set +f
  for list in "$o_state/litter" "$o_state"/runs/*.litter; do
    [[ -s $list ]] || continue
    while IFS= read -r -d '' path; do
      [[ ! -e $path && ! -L $path ]] || o_find_litter "$path"
    done <"$list"
    [[ $list == "$o_state/litter" ]] || o_rubbish+=("$list")
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
  [[ ! $o_holder ]] || printf '%s\n' "$o_holder" >|"$o_state/holder"
  o_block -
  printf '%s end\n' "$o_mark"
  o_sweep
}

# What a mount was moved into meanwhile stays for the next script. Nothing comes after it, so the process takes the place of this one.
o_sweep() {
  local path going=() list=$o_state/litter
  # Most scripts have moved all that they noted to where it belongs.
  if ((${#o_rubbish[@]} == 0)); then
    [[ ! -s $list ]] || : >|"$list"
    return 0
  fi
  for path in "${o_rubbish[@]}"; do
    [[ $path == */.orchestra-*.gone.* ]] && o_mounted "$path" || going+=("$path")
  done
  # The list of what to clean goes after what it lists.
  going+=("$list")
  ((${#going[@]} > 200)) || exec rm -rf -- "${going[@]}" 2>&"$o_null"
  o_many 3 rm -rf -- "${going[@]}"
}
