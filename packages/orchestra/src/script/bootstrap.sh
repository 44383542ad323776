# shellcheck shell=bash
# Receives a script on stdin; see bootstrap.ts. $0 is the script's last line, $1 a directory to work in, $2 how many bytes
# the script has when the rest of stdin is its own.
# shellcheck disable=SC2034 # the prelude gives commands their locale back
o_locale=${LC_ALL-unset} LC_ALL=C
# shellcheck disable=SC2206 # the fields behind the command name, which may hold anything
IFS= read -r o_line </proc/$BASHPID/stat && o_words=(${o_line##*) })
printf 'orchestra-pgid %s %s\n' "${o_words[2]}" "$0"
# runuser keeps the home of the login
[[ -O $HOME ]] || { unset HOME; export HOME=~; }
if [[ $1 ]]; then cd -- "$1" && export ORCHESTRA_STATE=$PWD/.orchestra-state || exit 85; fi
# a login's PATH may lack where the system's programs are
for o_line in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
  [[ :$PATH: == *:$o_line:* ]] || PATH=${PATH:+$PATH:}$o_line
done
export PATH
IFS= read -rN "${2:-2000000000}" o_script
o_line=$'\n'$0$'\n'
[[ ${o_script: -${#o_line}} == "$o_line" ]] || exit 86
if (($# > 2)); then
  printf %s "$o_script" | "${@:3}"
  exit
fi
[[ $2 ]] || exec </dev/null
set --
eval "$o_script"
