# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of the prelude
# What is ours on a server, as a part of the prelude.
#
# A mark is a file, owned/BACKEND/MARK, of words that end with a NUL: its format, an identity, and all that is claimed with it:
# paths, directories that we made (with a slash at their end), and `@` with the name of what is no file. A word that begins with `=`
# stands for the object which took the name; the last one has it. An older release wrote the identity alone; such a mark owns all
# that its object names. What all objects of a backend share is claimed by the mark `shared`.
#
# What is there and claimed by no mark is not ours. Questions are put before any operation of a batch acts; for each object they
# are builtins, unless there is something that no mark of its own names.

declare -A o_own_marks=() o_disowns=() o_disowned=() o_new_marks=() o_subject=() o_ran=() o_gives=()
declare -A o_has=() o_claimed=() o_listed=() o_known_things=() o_shared=()
o_list='' o_list_state='' o_read='' o_marked='' o_identity='' o_whose='' o_has_index='' o_shared_read=''
o_exists_command='' o_place_path=() o_place_mode=() o_place_owner=() o_thing_name=() o_thing_exists=() o_thing_shared=()
o_note_op=() o_note_mark=() o_note_identity=() o_note_how=() o_note_from=() o_note_count=() o_note_claims=()
o_doubt_path=() o_doubt_mode=() o_doubt_owner=() o_doubt_op=() o_doubt_mark=() o_doubt_identity=()

# What was said for the next question.
o_forget_questions() {
  o_exists_command=''
  o_place_path=() o_place_mode=() o_place_owner=()
  o_thing_name=() o_thing_exists=() o_thing_shared=()
}

# Marks that are to be written, and directories that are to be looked at, when all questions of a batch were put.
o_forget_marks() {
  ((${#o_gives[@]} == 0)) || o_gives=()
  if ((${#o_note_op[@]})); then
    o_note_op=() o_note_mark=() o_note_identity=() o_note_how=() o_note_from=() o_note_count=() o_note_claims=()
  fi
  if ((${#o_doubt_op[@]})); then
    o_doubt_path=() o_doubt_mode=() o_doubt_owner=() o_doubt_op=() o_doubt_mark=() o_doubt_identity=()
  fi
}

# o_for INDEX: the questions that follow are put for this operation. It is told as being at work when one of them is a command.
o_for() {
  o_i=$1
  [[ ! $o_refused ]] || o_bad[$1]=$o_refused
}

# o_lists COMMAND: prints the identities of all that the server has of this backend.
o_lists() {
  o_list=$1
}

# o_exists COMMAND: succeeds when the identity of the next question is there.
o_exists() {
  o_exists_command=$1
}

# o_place PATH MODE OWNER: a directory of the next question.
o_place() {
  o_place_path+=("$1") o_place_mode+=("$2") o_place_owner+=("$3")
}

# o_thing NAME EXISTS [shared]: something that is no file, of the next question.
o_thing() {
  o_thing_name+=("$1") o_thing_exists+=("$2") o_thing_shared+=("${3-}")
}

# o_own MARK IDENTITY PATH...: what the current operation makes is ours, and says so before it is there.
o_own() {
  local word k=2
  o_own_marks[$1]=1
  # Of many that go by one name, the mark is at hand already.
  if [[ $o_read != "$1" && -s $o_owned/$1 && ${#o_place_path[@]} == 0 && ${#o_thing_name[@]} == 0 ]]; then
    # Most marks name all this already, in this order. An older one has no third word.
    mapfile -d '' -t o_words <"$o_owned/$1"
    o_read=''
    for word in "${@:3}"; do
      [[ $word == [/=]* ]] || word=$PWD/${word#./}
      [[ $word == "${o_words[k++]-}" ]] || { o_make_ours "$@"; return; }
    done
    ((${#o_words[@]} == 1)) || { o_exists_command=''; return 0; }
  fi
  o_make_ours "$@"
}

# o_make_ours MARK IDENTITY PATH...
o_make_ours() {
  o_ask "$@"
  [[ ! ${o_bad[$o_i]-} ]] || return 0
  if [[ $o_marked != new ]]; then
    o_say "$1" "$2" new
  elif ((${#o_claims[@]})); then
    o_say "$1" "$2" add
  fi
}

# o_say MARK IDENTITY HOW: o_claims go into a mark: now, unless a directory has to be looked at first.
o_say() {
  if [[ ${#o_doubt_op[@]} != 0 && ${o_doubt_op[-1]} == "$o_i" ]]; then
    o_note "$@"
  else
    o_note_new "$1"
    o_write_mark "$@" "${o_claims[@]}"
  fi
}

# o_former MARK IDENTITY PATH...: what stands under a former name is changed.
o_former() {
  o_ask "$@"
}

# o_give_up MARK IDENTITY PATH...: what stands there is removed.
o_give_up() {
  o_ask "$@"
  o_gives[$o_i]+=$o_marked
}

# o_trust MARK IDENTITY CLAIM...: stands here since before everything was marked. A server that remembers nothing is not trusted.
o_trust() {
  [[ ${o_is_fresh-} ]] || o_accept "$@"
}

# o_adopt MARK IDENTITY CLAIM...: is ours from now on, without a question.
o_adopt() {
  o_own_marks[$1]=1
  o_accept "$@"
}

# o_accept MARK IDENTITY CLAIM...
o_accept() {
  local claim
  [[ ! ${o_bad[$o_i]-} ]] || return 0
  o_read_mark "$1"
  o_claims=()
  for claim in "${@:3}"; do
    [[ $claim == [/@=]* ]] || claim=$PWD/${claim#./}
    [[ ${o_has[$claim]-} ]] || o_claims+=("$claim")
  done
  if [[ $o_marked != new ]]; then o_write_mark "$1" "$2" new "${o_claims[@]}"; else o_write_mark "$1" "$2" add "${o_claims[@]}"; fi
}

# o_ask MARK IDENTITY PATH...: whether all of it is ours or not there; o_claims is what its mark does not name yet.
o_ask() {
  local path
  o_claims=()
  if [[ ! ${o_bad[$o_i]-} ]]; then
    o_read_mark "$1"
    [[ $o_marked || ! $o_exists_command$o_list || $1 == [-s]* ]] || o_ask_identity "$2"
    for path in "${@:3}"; do o_ask_path "$path"; done
    ((${#o_place_path[@]} == 0 && ${#o_thing_name[@]} == 0)) || o_ask_more "$1" "$2"
  fi
  [[ ! $o_exists_command && ${#o_place_path[@]} == 0 && ${#o_thing_name[@]} == 0 ]] || o_forget_questions
}

# o_ask_more MARK IDENTITY: what is no word of the question itself.
o_ask_more() {
  local k
  for k in "${!o_place_path[@]}"; do
    o_ask_place "${o_place_path[k]}" "${o_place_mode[k]}" "${o_place_owner[k]}" "$@"
  done
  for k in "${!o_thing_name[@]}"; do
    o_ask_thing "${o_thing_name[k]}" "${o_thing_exists[k]}" "${o_thing_shared[k]}"
  done
}

# o_read_mark MARK: o_marked is empty, old or new; o_has are its claims. Of many that go by one name, only the first reads it.
o_read_mark() {
  local word
  [[ $o_read != "$1" ]] || return 0
  o_read=$1 o_has=() o_words=() o_marked='' o_identity='' o_whose=''
  if [[ ! -s $o_owned/$1 ]]; then
    # What came back from the trash.
    [[ ! -e $o_owned/$1.restored ]] || o_marked=old
    return 0
  fi
  mapfile -d '' -t o_words <"$o_owned/$1"
  o_marked=old
  ((${#o_words[@]} > 1)) || return 0
  o_marked=new o_identity=${o_words[1]}
  for word in "${o_words[@]:2}"; do
    o_has[$word]=1
    [[ $word != =* ]] || o_whose=$word
  done
}

o_ask_identity() {
  if [[ $o_exists_command ]]; then
    o_now "$o_i"
    o_guard "$o_exists_command"
    ((o_status)) || o_foreign "$1"
  elif [[ $o_list ]]; then
    o_read_list
    [[ ! ${o_listed[$1]-} ]] || o_foreign "$1"
  fi
}

# One process for all objects of a script. A list that fails is not taken for an empty one.
o_read_list() {
  local lines=() line to file=$o_state/runs/$o_run_id.listed
  if [[ ! $o_list_state ]]; then
    o_now "$o_i"
    o_block "$o_i"
    o_list_state=1
    o_rubbish+=("$file")
    umask 077
    { exec {to}>|"$file"; } 2>&"$o_null" && {
      umask 022
      # In a file, so that what holds on to the output keeps nobody waiting; one without an end does not fill the disk.
      o_look "ulimit -f 262144"$'\n'"$o_list" >&"$to"
      exec {to}>&-
      o_list_state=$o_status
      [[ ! $o_late ]] || echo "The list did not end within $o_patience s" >&2
      mapfile -t lines <"$file"
      for line in "${lines[@]}"; do [[ ! $line ]] || o_listed[$line]=1; done
    }
    umask 022
  fi
  ((o_list_state == 0)) || o_fail "$o_list_state" step "What this server has could not be listed, so nobody knows whether it is ours"
}

o_ask_path() {
  local path=$1
  if [[ $path == =* ]]; then
    [[ $path == "$o_whose" ]] || o_claims+=("$path")
    return 0
  fi
  [[ $path == /* ]] || path=$PWD/${path#./}
  [[ ! ${o_has[$path]-}${o_has[$path/]-} ]] || return 0
  o_claims+=("$path")
  [[ -e $path || -L $path ]] || return 0
  [[ $o_marked == old ]] || o_is_inside "$path" || o_is_claimed "$path" || o_is_claimed "$path/" || o_foreign "$path"
}

# o_ask_place PATH MODE OWNER MARK IDENTITY
o_ask_place() {
  local path=$1
  [[ $path == /* ]] || path=$PWD/${path#./}
  [[ ! ${o_has[$path]-}${o_has[$path/]-} ]] || return 0
  if [[ ! -d $path || $o_marked == old ]]; then
    o_claims+=("$path/")
    [[ ! -e $path && ! -L $path || $o_marked == old ]] || o_foreign "$path"
  elif [[ $2$3 != -- ]] && ! o_is_inside "$path"; then
    o_doubt_path+=("$path") o_doubt_mode+=("$2") o_doubt_owner+=("$3")
    o_doubt_op+=("$o_i") o_doubt_mark+=("$4") o_doubt_identity+=("$5")
  fi
}

# o_ask_thing NAME EXISTS [shared]
o_ask_thing() {
  local word=@$1
  if [[ $3 ]]; then
    o_read_shared
    [[ ! ${o_shared[$word]-} ]] || return 0
  fi
  [[ ! ${o_has[$word]-} ]] || return 0
  if [[ $o_marked != old ]]; then
    if [[ ! ${o_known_things[$word]-} ]]; then
      o_now "$o_i"
      o_guard "$2"
      # A question without an answer is put again for the next.
      [[ ! ${o_bad[$o_i]-} ]] || return 0
      o_known_things[$word]=$((o_status == 0))
    fi
    [[ ${o_known_things[$word]} == 0 ]] || o_is_claimed "$word" || { o_foreign "$1"; return; }
  fi
  if [[ $3 ]]; then o_share "$word"; else o_claims+=("$word"); fi
}

o_read_shared() {
  local words word
  [[ ! $o_shared_read ]] || return 0
  o_shared_read=1
  [[ -s $o_owned/shared ]] || return 0
  mapfile -d '' -t words <"$o_owned/shared"
  for word in "${words[@]:2}"; do o_shared[$word]=1; done
}

# o_share CLAIM: it outlives the object that needs it first.
o_share() {
  local claims=("${o_claims[@]}")
  o_shared[$1]=1 o_claims=("$1")
  o_note shared '' add
  o_claims=("${claims[@]}")
}

# o_is_inside PATH: below what the mark that was read claims as a whole.
o_is_inside() {
  local directory=${1%/*}
  while [[ $directory ]]; do
    [[ ! ${o_has[$directory]-} ]] || return 0
    directory=${directory%/*}
  done
  return 1
}

# o_is_claimed CLAIM: by any mark on this server: another object may have made it, and other things decide between them.
o_is_claimed() {
  local words word
  if [[ ! $o_has_index ]]; then
    o_has_index=1
    mapfile -d '' -t words < <(find "$o_state/owned" -type f -size +0 -exec cat -- {} + 2>&"$o_null")
    for word in "${words[@]}"; do [[ $word != [/@]* ]] || o_claimed[$word]=1; done
  fi
  [[ ${o_claimed[$1]-} ]]
}

# o_is_marked NAME: for commands, which run without the prelude's open files: whether a mark claims what goes by this name.
o_is_marked() {
  local word
  while IFS= read -rd '' word; do
    [[ $word != "@$1" ]] || return 0
  done < <(find "$o_state/owned" -type f -size +0 -exec cat -- {} + 2>/dev/null)
  return 1
}

# o_foreign NAME: it is there and is not ours: the current operation does nothing.
o_foreign() {
  [[ ! ${o_bad[$o_i]-} ]] || return 0
  o_subject[$o_i]=$1
  o_fail 1 foreign "$1 is here already and is not ours: nothing was changed"
}

# o_note MARK IDENTITY HOW: o_claims go into a mark when all questions were put.
o_note() {
  o_note_op+=("$o_i") o_note_mark+=("$1") o_note_identity+=("$2") o_note_how+=("$3")
  o_note_from+=("${#o_note_claims[@]}") o_note_count+=("${#o_claims[@]}")
  o_note_claims+=("${o_claims[@]}")
}

# After all questions of a batch: what was said to be ours is marked.
o_mark_all() {
  local k back=$o_i
  ((${#o_doubt_path[@]} == 0)) || o_settle_doubts
  for k in "${!o_note_op[@]}"; do
    o_i=${o_note_op[k]}
    [[ ! ${o_bad[$o_i]-} ]] || continue
    o_note_new "${o_note_mark[k]}"
    o_write_mark "${o_note_mark[k]}" "${o_note_identity[k]}" "${o_note_how[k]}" \
      "${o_note_claims[@]:o_note_from[k]:o_note_count[k]}"
  done
  for o_i in "${!o_gives[@]}"; do
    # Of what was never marked there is nothing to remove.
    [[ ${o_gives[$o_i]} || ${o_bad[$o_i]-} ]] || o_bad["$o_i"]='0 nothing'
  done
  o_forget_marks
  o_i=$back
}

# o_note_new MARK: whose it is, as long as this script made it.
o_note_new() {
  [[ -e $o_owned/$1 && ! ${o_new_marks[$1]-} ]] || o_new_marks[$1]+=" $o_i"
}

# Directories that somebody else made: one that is as it should be is shared, another has to be ours.
o_settle_doubts() {
  local k is=()
  mapfile -t is < <(o_asking 4 stat -L -c '%a %U %G %u %g' -- "${o_doubt_path[@]}")
  ((${#is[@]} == ${#o_doubt_path[@]})) || is=()
  for k in "${!o_doubt_path[@]}"; do
    o_i=${o_doubt_op[k]}
    if [[ ${o_doubt_mode[k]} == - || ${o_doubt_mode[k]} == "${is[k]%% *}" ]] && o_owner_is "${o_doubt_owner[k]}" "${is[k]-}"; then
      continue
    elif o_is_claimed "${o_doubt_path[k]}" || o_is_claimed "${o_doubt_path[k]}/"; then
      o_claims=("${o_doubt_path[k]}/")
      o_note "${o_doubt_mark[k]}" "${o_doubt_identity[k]}" add
    else
      o_foreign "${o_doubt_path[k]}"
    fi
  done
}

# o_write_mark MARK IDENTITY new|add|anew CLAIM...: what cannot be marked is not made.
o_write_mark() {
  local claim
  o_read_mark "$1"
  umask 077
  if [[ ! -d $o_owned ]] && ! mkdir -p -- "$o_owned"; then
    false
  # Two objects may go by one name.
  elif [[ $o_marked == new && $3 != anew ]]; then
    (($# == 3)) || o_add_to_mark "$1" "${@:4}"
  else
    o_read=''
    printf '%s\0' 2 "$2" "${@:4}" 2>&"$o_null" >|"$o_owned/$1" || ! : >|"$o_owned/$1"
  fi || {
    o_read=''
    o_fail 1 step "Nothing can be written below $o_state; is the disk full?"
    return 0
  }
  [[ ! -e $o_owned/$1.restored ]] || o_rubbish+=("$o_owned/$1.restored")
  [[ ! $o_has_index ]] || for claim in "${@:4}"; do o_claimed[$claim]=1; done
}

# o_add_to_mark MARK CLAIM...: to the one that was read.
o_add_to_mark() {
  local claim
  if ! printf '%s\0' "${@:2}" 2>&"$o_null" >>"$o_owned/$1"; then
    printf '%s\0' "${o_words[@]}" 2>&"$o_null" >|"$o_owned/$1"
    return 1
  fi
  o_words+=("${@:2}")
  for claim in "${@:2}"; do
    o_has[$claim]=1
    [[ $claim != =* ]] || o_whose=$claim
  done
}

# Where what all objects share is not ours, no operation runs.
o_mark_shared() {
  o_mark_all
  [[ ! ${o_bad[prepare]-} ]] || o_refused=${o_bad[prepare]}
}

# o_disown MARK...: no longer ours, once the current operation has succeeded.
o_disown() {
  o_disowns[$o_i]=$*
}

# o_note_marks ENTRY: whose mark is given up with what goes to the trash.
o_note_marks() {
  [[ ! ${o_disowns[$o_i]-} ]] || printf '%s\n' "${o_disowns[$o_i]}" >"$1/marks"
}

# o_restore_marks ENTRY: what came back from the trash is no stranger. It is not marked as what has a row: nobody prunes it.
o_restore_marks() {
  local line='' mark marks directory=${1%/*}
  directory=$o_state/owned/${directory##*/}
  [[ ! -f $1/marks || -L $1/marks ]] || IFS= read -r line <"$1/marks"
  read -ra marks <<<"$line"
  for mark in "${marks[@]}"; do
    [[ ! $mark =~ ^[0-9a-f]{40}$ ]] || { mkdir -p -- "$directory" && echo restored >|"$directory/$mark.restored"; }
  done
}

# o_give_marks INDEX: this operation has succeeded.
o_give_marks() {
  local mark
  for mark in ${o_disowns[$1]-}; do o_disowned["$mark"]=1; done
}

# A command of the current operation runs: whatever becomes of it, something may be there.
o_note_run() {
  o_ran["$o_i"]=1
}

# What one operation gave up and another of this script has is still ours. Of an operation that did nothing, nothing is ours.
o_drop_marks() {
  local mark
  for mark in "${!o_disowned[@]}"; do
    [[ ${o_own_marks[$mark]-} ]] || o_drop_mark "$mark"
  done
  # Most scripts end well.
  ((${#o_bad[@]})) || return 0
  for mark in "${!o_new_marks[@]}"; do
    ! o_is_needless "$mark" || o_rubbish+=("$o_owned/$mark")
  done
}

# o_drop_mark MARK: of two objects that go by one name, the other's files are still there, and ours.
o_drop_mark() {
  local claim left=()
  o_read_mark "$1"
  for claim in "${!o_has[@]}"; do
    [[ $claim == /*[!/] && ( -e $claim || -L $claim ) ]] && left+=("$claim")
  done
  if ((${#left[@]} == 0)); then o_rubbish+=("$o_owned/$1"); else o_write_mark "$1" "$o_identity" anew "${left[@]}"; fi
}

# o_is_needless MARK: whether the operations that it was made for failed before they did anything.
o_is_needless() {
  local i
  for i in ${o_new_marks[$1]}; do
    [[ ${o_bad[$i]-} && ! ${o_change[$i]-} && ! ${o_ran[$i]-} && $i != prepare ]] || return 1
  done
}

# o_encode TEXT: o_code is one word that holds it.
o_encode() {
  local k byte
  o_code=''
  if [[ $1 =~ ^[A-Za-z0-9/._@=,+-]+$ ]]; then
    o_code=${1:0:4096}
    return
  fi
  for ((k = 0; k < ${#1} && k < 1000; k++)); do
    byte=${1:k:1}
    if [[ $byte != [A-Za-z0-9/._@=,+-] ]]; then
      printf -v byte %d "'$byte"
      printf -v byte %%%02X $((byte & 255))
    fi
    o_code+=$byte
  done
}
