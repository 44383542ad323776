# shellcheck shell=bash disable=SC2034,SC2154 # variables of what stands before and behind it
# What goes into the trash instead of away.

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

# o_roots: where there is trash. What is not below the state directory is found again by a list.
o_read_trashes() {
  o_roots=("$o_state/trash")
  [[ ! -e $o_state/trashes ]] || mapfile -t -d '' -O 1 o_roots <"$o_state/trashes"
}

o_register_trash() {
  local one
  o_read_trashes
  for one in "${o_roots[@]}"; do [[ $one != "$o_top" ]] || return 0; done
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
