# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of the bootstrap and the prelude
# What the scripts of a transfer can do beside the prelude, whose state directory they share.

# o_transfer ID SIDE ATTEMPT: ends what an earlier attempt left running on this side, and does not begin after a later one.
o_transfer() {
  local seen=0 group='' file
  IFS=$' \t\n' LC_ALL=C
  umask 077
  o_find_state
  umask 077
  mkdir -p -- "$o_state/transfers" || exit 85
  find "$o_state/transfers" -type f -mtime +30 -delete
  file=$o_state/transfers/$1.$2
  exec {o_mine}>>"$file" || exit 85
  if ! flock -n "$o_mine"; then
    read -r seen group <"$file"
    ((seen <= $3)) || exit 87
    [[ ! $group ]] || kill -KILL -- "-$group"
    flock -w 10 "$o_mine" || exit 88
  fi
  read -r seen group <"$file"
  ((seen <= $3)) || exit 87
  # The group as the bootstrap found it.
  printf '%s %s\n' "$3" "${o_words[2]}" >"$file" || exit 85
  umask 022
}

# o_alone COMMAND: runs it strictly and as if Orchestra were not there; o_status is its status. Like o_subshell it must never
# be called where its status is tested.
o_alone() {
  ( o_leave; eval "$1" )
  o_status=$?
}

o_leave() {
  local fd
  for fd in ${o_mine-} ${o_lock-} ${o_data-}; do exec {fd}>&-; done
  if [[ ${o_locale-unset} == unset ]]; then unset LC_ALL; else LC_ALL=$o_locale; fi
  set -eu -o pipefail
}

# o_emit COMMAND MARK: what it prints, and the mark behind it when all of it was printed.
o_emit() {
  o_alone "$1" </dev/null
  ((!o_status)) || exit "$o_status"
  printf %s "$2"
}

# o_absorb COMMAND: gives it what comes in frames on stdin. It never sees the end of data that broke off.
o_absorb() {
  local receiver
  exec {o_data}< <(o_unframe)
  receiver=$!
  o_alone "$1" <&"$o_data"
  if ((o_status)); then
    kill "$receiver" 2>/dev/null
    exit "$o_status"
  fi
  # What it did not care to read: padding behind the end of an archive.
  cat <&"$o_data" >/dev/null
  wait "$receiver"
}

# Frames are a line with a size, and so many bytes; the last line is `end`. A process for each is nothing beside its size.
o_unframe() {
  local size
  exec {o_mine}>&-
  while IFS= read -r size; do
    [[ $size != end ]] || return 0
    head -c "$size" || return 1
  done
  kill -KILL -- "-${o_words[2]}"
}

# o_put COMMAND WAIT: runs it while no other script of Orchestra runs on this server.
o_put() {
  o_lock "$2"
  o_alone "$1" </dev/null
  exit "$o_status"
}
