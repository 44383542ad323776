# shellcheck shell=bash disable=SC2154,SC2034 # stands behind start.sh
# Receives one script after the other on stdin, and runs each in a subshell; see session.ts. $1 is a directory to work in.
#
# A script comes as a line with a token, the bytes of the ground and the bytes of the script; then both. Another line, with the last
# line of the next script, asks for the next. What is left of a script could write into the output of the next, or be ended with it:
# then this is no place for another one, and ends with the status of the script.
o_last=$0 o_directory=$1 o_number=/proc/sys/kernel/ns_last_pid
set --
# What waits for a script keeps nobody from unmounting a home.
o_home=
[[ ! -x $PWD ]] || { o_home=$PWD; cd /; }
# o_receive SIZE: nothing runs of what did not come whole.
o_receive() {
  IFS= read -rN "$1" o_script
  ((${#o_script} == $1)) || exit 86
}
# o_leaves_nothing: no process is left that the script may have started: those that have a number since.
o_leaves_nothing() {
  local last one
  [[ -d /proc/1 ]] || return 1
  while read -r last <"$o_number" && ((last != o_newest)); do
    ((last > o_newest && last - o_newest < 2000)) || return 1
    for ((one = o_newest + 1; one <= last; one++)); do
      [[ ! -d /proc/$one ]] || ! o_may_be_left "$one" || return 1
    done
    o_newest=$last
  done 2>/dev/null
  [[ ${last-} ]]
}
# o_may_be_left PID: it is one of this session, or has our output open, or that cannot be seen.
o_may_be_left() {
  local line words fd
  # shellcheck disable=SC2206 # the fields behind the command name, which may hold anything
  IFS= read -r line <"/proc/$1/stat" && words=(${line##*) }) || return 1
  [[ ${words[0]} != [ZX] ]] || return 1
  [[ ${words[2]} != "${o_words[2]}" && ${words[3]} != "${o_words[3]}" ]] || return 0
  # What has ended by now is not left.
  [[ -r /proc/$1/fd ]] || { [[ -d /proc/$1 ]]; return; }
  for fd in "/proc/$1/fd/"*; do
    [[ ! $fd -ef /proc/self/fd/1 && ! $fd -ef /proc/self/fd/$o_errors ]] || return 0
  done
  return 1
}
# What bash itself says of a script that was ended is no output of the script.
exec {o_errors}>&2 2>/dev/null
while :; do
  read -r o_token o_ground o_size || exit 86
  if ((o_ground)); then
    o_receive "$o_ground"
    eval "$o_script"
  fi
  o_receive "$o_size"
  o_line=$'\n'$o_last$'\n'
  [[ ${o_script: -${#o_line}} == "$o_line" ]] || exit 86
  o_newest=
  read -r o_newest <"$o_number"
  (
    exec </dev/null 2>&"$o_errors" {o_errors}>&-
    [[ ! $o_home ]] || cd -- "$o_home" || exit 85
    if [[ $o_directory ]]; then cd -- "$o_directory" && export ORCHESTRA_STATE=$PWD/.orchestra-state || exit 85; fi
    unset o_token o_home o_directory o_last o_number o_newest o_ground o_size o_errors o_status
    unset -f o_receive o_leaves_nothing o_may_be_left
    SECONDS=0
    eval "$o_script"
  )
  o_status=$?
  o_script=
  [[ $o_newest ]] && ((o_size < 1000000)) && o_leaves_nothing || exit "$o_status"
  printf '\036orchestra:%s end %s\n' "$o_token" "$o_status"
  printf '\036orchestra:%s end\n' "$o_token" >&"$o_errors"
  IFS= read -r o_last || exit 0
  printf 'orchestra-pgid %s %s\n' "${o_words[2]}" "$o_last"
done
