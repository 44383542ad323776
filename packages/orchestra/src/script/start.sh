# shellcheck shell=bash
# What every bash that receives scripts does first; see bootstrap.ts. $0 is the last line of its first script.
# shellcheck disable=SC2034 # the prelude gives commands their locale back
o_locale=${LC_ALL-unset} LC_ALL=C
# shellcheck disable=SC2206 # the fields behind the command name, which may hold anything
IFS= read -r o_line </proc/$BASHPID/stat && o_words=(${o_line##*) })
printf 'orchestra-pgid %s %s\n' "${o_words[2]}" "$0"
# runuser keeps the home of the login
[[ -O $HOME ]] || { unset HOME; export HOME=~; }
# a login's PATH may lack where the system's programs are
for o_line in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
  [[ :$PATH: == *:$o_line:* ]] || PATH=${PATH:+$PATH:}$o_line
done
export PATH
