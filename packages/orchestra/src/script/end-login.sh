# shellcheck shell=bash disable=SC2015
# Ends a login of this user that has not come to its command yet, with all of its session. $0 is the last line of the script that it
# should have run. It is a shell that leads a session and has that line in its command: the client that sent it may run on the
# same machine. Whoever is root ends nothing of others, who may call themselves what they like.
exec 2>/dev/null
ends=' '
# session PROCESS: sid
session() {
  local line
  # shellcheck disable=SC2086 # the fields behind the command name, which may hold anything
  IFS= read -r line <"$1/stat" && set -- ${line##*) } && sid=$4
}
for process in /proc/[0-9]*; do
  pid=${process#/proc/}
  [[ -O $process && $pid != "$$" ]] && session "$process" && ((sid == pid)) || continue
  words=()
  mapfile -d '' -t words <"$process/cmdline"
  [[ ${#words[@]} != 3 || ${words[1]} != -c || ${words[2]} != *"$0"* ]] || ends+="$sid "
done
for process in /proc/[0-9]*; do
  [[ -O $process ]] && session "$process" && [[ $ends == *" $sid "* ]] && kill -KILL "${process#/proc/}"
done
exit 0
