# shellcheck shell=bash disable=SC2154,SC2034,SC2015
# Looking into a server's trash, putting back from it, emptying it. Stands behind the prelude.

# o_open_trash RUN WAIT: with an empty WAIT it only looks, beside a script that may run.
o_open_trash() {
  IFS=$' \t\n' LC_ALL=C o_run_id=$1 o_i=- o_at=- o_mark='' o_owed=
  o_find_state
  if [[ $2 ]]; then o_lock "$2"; else exec {o_lock}>/dev/null; fi
  exec {o_journal}>/dev/null {o_null}>/dev/null
  declare -gA o_bad=()
  o_rubbish=() o_roots=("$o_state/trash")
  [[ ! -e $o_state/trashes ]] || mapfile -t -d '' -O 1 o_roots <"$o_state/trashes"
  umask 077
  shopt -s nullglob dotglob
}

# o_trash_list RUN: of every entry its id, backend, time, label, path and note, each with a NUL behind it; then `end`.
o_trash_list() {
  local root data entry backend meta
  o_open_trash "$1" ''
  for root in "${o_roots[@]}"; do
    for entry in "$root"/*/*/; do
      entry=${entry%/} data=$entry/data
      [[ -e $data || -L $data ]] && mapfile -t -d '' meta <"$entry/meta" || continue
      backend=${entry%/*}
      printf '%s\0' "${entry##*/}" "${backend##*/}" "${meta[0]}" "${meta[1]}" "${meta[2]}" "${meta[4]}"
    done
  done
  printf 'end\0'
}

# o_trash_restore RUN WAIT ID: exit 70 when there is no such entry, 71 when something is in its place, 72 when it could not be put
# back or its command failed; nothing has changed then.
o_trash_restore() {
  local root entry meta
  o_open_trash "$1" "$2"
  for root in "${o_roots[@]}"; do
    for entry in "$root"/*/"$3"; do
      [[ -e $entry/data || -L $entry/data ]] && mapfile -t -d '' meta <"$entry/meta" || continue
      o_put_back "$entry" "${meta[2]}" "${meta[3]}"
      return
    done
  done
  exit 70
}

# o_put_back ENTRY PATH COMMAND
o_put_back() {
  local here=$2 beside=${2%/*}/.orchestra-$o_run_id.back
  [[ ! -e $here && ! -L $here ]] || exit 71
  umask 022
  mkdir -p -- "${2%/*}/" || exit 72
  o_mount "$1" && local from=$o_on && o_mount "${2%/*}/" || exit 72
  if [[ $from == "$o_on" ]]; then
    mv -nT -- "$1/data" "$here" && [[ ! -e $1/data && ! -L $1/data ]] || exit 72
  else
    o_litter "$beside" && cp -a -T -- "$1/data" "$beside" && mv -nT -- "$beside" "$here" && [[ ! -e $beside && ! -L $beside ]] || exit 72
  fi
  shopt -u nullglob dotglob
  o_subshell "${3:-:}"
  if ((o_status)); then
    o_put_away "$1" "$here"
    exit 72
  fi
  o_restore_marks "$1"
  rm -rf -- "$1"
}

# o_put_away ENTRY PATH: its command failed, so it is in the trash again, unless a copy of it is there still.
o_put_away() {
  [[ -e $2 || -L $2 ]] || return 0
  if [[ -e $1/data || -L $1/data ]]; then rm -rf -- "$2"; else mv -nT -- "$2" "$1/data"; fi
}

# o_trash_empty RUN WAIT SECONDS: removes the entries that are older, and prints their ids, each with a NUL behind it; then `end`.
# They leave the trash while it is locked, and their files go when others can work again.
o_trash_empty() {
  local root entry going=()
  o_open_trash "$1" "$2"
  for root in "${o_roots[@]}"; do
    going+=("$root"/.going-*)
    for entry in "$root"/[!.]*/*/; do
      entry=${entry%/}
      o_is_old "$entry" "$3" || continue
      mv -T -- "$entry" "$root/.going-${entry##*/}" || exit 72
      going+=("$root/.going-${entry##*/}")
      printf '%s\0' "${entry##*/}"
    done
  done
  exec {o_lock}>&-
  ((${#going[@]} == 0)) || rm -rf -- "${going[@]}" || exit 72
  printf 'end\0'
}

# o_is_old ENTRY SECONDS: what an interrupted script left there is rubbish a day later, however long the rest is kept.
o_is_old() {
  local time='' least=$2
  [[ ! -e $1/meta ]] || IFS= read -r -d '' time <"$1/meta"
  if [[ ! -e $1/data && ! -L $1/data ]]; then
    least=86400
  fi
  [[ $time ]] || time=$(stat -c %Y -- "$1")
  ((EPOCHSECONDS - time >= least))
}
