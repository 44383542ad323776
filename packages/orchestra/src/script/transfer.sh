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

# o_emit COMMAND MARK: what it prints, and the mark behind it when all of it was printed.
o_emit() {
  o_subshell "$1" </dev/null
  ((!o_status)) || exit "$o_status"
  printf %s "$2"
}

# o_absorb COMMAND KIB FREE MARK: gives it what comes in frames on stdin. It never sees the end of data that broke off. A file of more
# than KIB cannot be made, and what would leave less than FREE bytes for others is ended.
o_absorb() {
  local receiver guard
  exec {o_data}< <(o_unframe)
  receiver=$!
  o_guard_room "$3" "$4" &
  guard=$!
  o_subshell "trap '' XFSZ; ulimit -f $2
$1" <&"$o_data"
  kill "$guard" 2>/dev/null
  if ((o_status)); then
    kill "$receiver" 2>/dev/null
    exit "$o_status"
  fi
  # What it did not care to read: padding behind the end of an archive.
  cat <&"$o_data" >/dev/null
  wait "$receiver"
}

# o_guard_room FREE MARK: says so and ends this script with all that it started, once a file system has too little room left and
# has lost some of it since. One that was full before costs nobody his copy.
o_guard_room() {
  local main=$$ places=() room size files most place o_keep_room pause
  local -A room_before=() files_before=()
  exec {o_mine}>&- {o_data}<&- {pause}<> <(:)
  o_find_places
  while kill -0 "$main" 2>/dev/null; do
    while read -r room size files most place; do
      o_keep_room=$(($1 < size / 10 ? $1 : size / 10))
      o_is_lost "$room" "${room_before[$place]:=$room}" "$o_keep_room" && o_no_room "$2" "$place has $room bytes left, and $o_keep_room are to stay free"
      o_is_lost "$files" "${files_before[$place]:=$files}" $((most / 10)) && o_no_room "$2" "$place has room for $files files, and for $((most / 10)) is to stay"
    done < <(o_rooms 2>/dev/null)
    read -rt 0.2 -u "$pause"
  done
}

# o_find_places: file systems that can be written, each once. Those of users, and those that are mounted on demand, are not asked.
o_find_places() {
  local device place options rest
  local -A seen=()
  while read -r _ _ device _ place options rest; do
    [[ $options == rw* && ! ${seen[$device]-} && ! ${rest#*- } =~ ^(autofs|fuse\.) ]] || continue
    seen[$device]=1
    printf -v place %b "$place"
    places+=("$place")
  done </proc/self/mountinfo
}

# o_rooms: free bytes, all bytes, free inodes, all inodes of each of the places.
o_rooms() {
  local block room size rest
  stat -f -c '%S %a %b %d %c %n' -- "${places[@]}" | while read -r block room size rest; do
    ((size == 0)) || printf '%s %s %s\n' $((block * room)) $((block * size)) "$rest"
  done
}

# o_is_lost NOW BEFORE LEAST
o_is_lost() {
  (($1 < $3 && $2 - $1 > $3 / 64))
}

# o_no_room MARK TEXT
o_no_room() {
  printf '%s\n' "$2" >&2
  printf '%s\n' "$1"
  kill -KILL -- "-${o_words[2]}"
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
  o_subshell "$1" </dev/null
  exit "$o_status"
}
