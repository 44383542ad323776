# shellcheck shell=bash disable=SC2154,SC2034,SC2015
# Looking into a server's trash, putting back from it, emptying it. Stands behind the prelude.

# o_open_trash RUN WAIT: with an empty WAIT it only looks, beside a script that may run.
o_open_trash() {
  IFS=$' \t\n' LC_ALL=C o_run_id=$1 o_i=- o_at=- o_mark='' o_owed=
  o_find_state
  if [[ $2 ]]; then o_lock "$2"; else exec {o_lock}>/dev/null; fi
  exec {o_journal}>/dev/null {o_null}>/dev/null
  o_read_trashes
  umask 077
  shopt -s nullglob dotglob
  o_find_entries
}

# What a trash says is believed, run and removed only where nobody else could have put it: one look at all of them.
o_find_entries() {
  local root entry all=()
  o_entries=() o_sound=()
  for root in "${o_roots[@]}"; do
    for entry in "$root"/[!.]*/*/; do all+=("${entry%/}"); done
  done
  o_act_in "${o_roots[@]}" "${all[@]}"
  for root in "${o_roots[@]}"; do
    o_judge "$root"
    [[ $o_ruling != ok ]] || o_sound+=("$root")
  done
  for entry in "${all[@]}"; do
    o_judge "$entry"
    [[ $o_ruling != ok ]] || o_entries+=("$entry")
  done
}

# o_read_meta ENTRY: `meta` is what its file says; fails where that is not whole.
o_read_meta() {
  [[ -f $1/meta && ! -L $1/meta ]] && mapfile -t -d '' meta <"$1/meta" && ((${#meta[@]} == 5)) && [[ ${meta[0]} == +([0-9]) ]]
}

# o_trash_list RUN: of every entry its id, backend, time, label, path and note, each with a NUL behind it; then `end`.
o_trash_list() {
  local data entry backend meta
  o_open_trash "$1" ''
  for entry in "${o_entries[@]}"; do
    data=$entry/data
    [[ -e $data || -L $data ]] && o_read_meta "$entry" || continue
    backend=${entry%/*}
    printf '%s\0' "${entry##*/}" "${backend##*/}" "${meta[0]}" "${meta[1]}" "${meta[2]}" "${meta[4]}"
  done
  printf 'end\0'
}

# o_trash_restore RUN WAIT ID: exit 70 when there is no such entry, 71 when something is in its place, 72 when it could not be put
# back or its command failed; nothing has changed then.
o_trash_restore() {
  local entry meta
  o_open_trash "$1" "$2"
  for entry in "${o_entries[@]}"; do
    [[ ${entry##*/} == "$3" && ( -e $entry/data || -L $entry/data ) ]] && o_read_meta "$entry" || continue
    o_put_entry_back "$entry" "${meta[2]}" "${meta[3]}"
    return
  done
  exit 70
}

# o_put_entry_back ENTRY PATH COMMAND
o_put_entry_back() {
  local here=$2 name=./${2##*/} from start=$PWD
  [[ ! -e $here && ! -L $here ]] || exit 71
  umask 022
  o_may_put "$here" && o_enter "$here" && o_mount "$1" && from=$o_on && o_mount . || exit 72
  if [[ $from == "$o_on" ]]; then
    mv -nT -- "$1/data" "$name" && [[ ! -e $1/data && ! -L $1/data ]] || exit 72
  else
    o_copy_back "$1" "$name" "${here%/*}/.orchestra-$o_run_id.back" || exit 72
  fi
  shopt -u nullglob dotglob
  cd -- "$start" || exit 72
  o_subshell "${3:-:}"
  if ((o_status)); then
    o_enter "$here" && o_put_away "$1" "$name"
    exit 72
  fi
  o_restore_marks "$1"
  rm -rf -- "$1"
}

# o_may_put PATH: something can be put there safely. A directory that is missing is made; in somebody's place by whoever owns it.
o_may_put() {
  local dir=${1%/*}
  o_judge "${dir:-/}"
  case $o_ruling in
    ok) mkdir -p -- "${dir:-/}" && return ;;
    as:*) [[ ! -d $dir ]] || return 0
      o_ruling="no:$dir is not there any more, and is in a place of $(o_called passwd "${o_ruling#as:}"): make it first" ;;
    sticky) o_ruling="no:$dir is writable by others" ;;
  esac
  printf '%s\n' "${o_ruling#no:}" >&2
  return 1
}

# o_copy_back ENTRY NAME BESIDE: only where nobody else can put something in the way while it is copied.
o_copy_back() {
  o_judge "${3%/*}"
  if [[ $o_ruling != ok ]]; then
    echo "${3%/*} is on another file system than $1, and not root's alone: take it from there by hand" >&2
    return 1
  fi
  o_litter "$3" && cp -a -T -- "$1/data" "$3" && mv -nT -- "$3" "$2" && [[ ! -e $3 && ! -L $3 ]]
}

# o_put_away ENTRY NAME: its command failed, so it is in the trash again, unless a copy of it is there still.
o_put_away() {
  [[ -e $2 || -L $2 ]] || return 0
  if [[ -e $1/data || -L $1/data ]]; then rm -rf -- "$2"; else mv -nT -- "$2" "$1/data"; fi
}

# o_trash_empty RUN WAIT SECONDS: removes the entries that are older, and prints their ids, each with a NUL behind it; then `end`.
# They leave the trash while it is locked, and their files go when others can work again.
o_trash_empty() {
  local entry root going=() kept=''
  o_open_trash "$1" "$2"
  for root in "${o_sound[@]}"; do
    for entry in "$root"/.going-*; do o_may_go "$entry" && going+=("$entry") || kept=1; done
  done
  for entry in "${o_entries[@]}"; do
    o_is_old "$entry" "$3" || continue
    o_may_go "$entry" || { kept=1; continue; }
    root=${entry%/*/*}
    mv -T -- "$entry" "$root/.going-${entry##*/}" || exit 72
    going+=("$root/.going-${entry##*/}")
    printf '%s\0' "${entry##*/}"
  done
  exec {o_lock}>&-
  ((${#going[@]} == 0)) || rm -rf -- "${going[@]}" || exit 72
  [[ ! $kept ]] || exit 72
  printf 'end\0'
}

# o_may_go ENTRY: what is mounted in it is not ours to empty.
o_may_go() {
  o_mounted "$1" || return 0
  echo "$1 stays: a file system is mounted at $o_on" >&2
  return 1
}

# o_is_old ENTRY SECONDS: what an interrupted script left there is rubbish a day later, however long the rest is kept.
o_is_old() {
  local meta least=$2
  o_read_meta "$1" || meta=("$(stat -c %Y -- "$1")")
  if [[ ! -e $1/data && ! -L $1/data ]]; then
    least=86400
  fi
  ((EPOCHSECONDS - meta[0] >= least))
}
