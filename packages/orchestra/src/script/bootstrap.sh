# shellcheck shell=bash disable=SC2154 # stands behind start.sh
# Receives one script on stdin. $1 is a directory to work in, $2 how many bytes the script has when the rest of stdin is its own.
if [[ $1 ]]; then cd -- "$1" && export ORCHESTRA_STATE=$PWD/.orchestra-state || exit 85; fi
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
