# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of those who use it
# What scripts of every duty stand on. All names start with o_.

# Where a server remembers: the lock, the fence, journals of runs, reloads it owes.
o_where() {
  local home=/var/lib/orchestra
  ((EUID == 0)) || home=$HOME/.local/state/orchestra
  o_state=${ORCHESTRA_STATE:-$home}
}

# In the subshell of a command: as if Orchestra were not there, and strict.
o_body() {
  local fd
  for fd in ${o_lock-} ${o_journal-} ${o_null-} ${o_litter_fd-} ${o_mine-} ${o_data-}; do exec {fd}>&-; done
  trap - PIPE
  set +fC
  umask 022
  if [[ ${o_locale-unset} == unset ]]; then unset LC_ALL; else LC_ALL=$o_locale; fi
  unset o_mark
  set -eu -o pipefail
}
