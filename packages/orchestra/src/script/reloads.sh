# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # variables of what stands before and behind it
# Owed reloads.

# o_reload NAME COMMAND [all]: NAME is reload.SERVICE or restart.SERVICE; `all` binds it to every change.
o_reload() {
  o_command[$1]=$2 o_defer=1
  [[ ${3-} != all ]] || o_all+=("$1")
}

# Something follows the operations on which their success depends.
o_follows() {
  o_defer=1
}

o_read_debts() {
  local debt
  [[ -d $o_owed ]] || return 0
  set +f
  for debt in "$o_owed"/*; do
    [[ ! -e $debt ]] || o_debt[${debt##*/}]=1 o_old_debt[${debt##*/}]=1
  done
  set -f
}

# Before the current operation changes anything: write down what will be owed then.
o_owe() {
  local name
  [[ ${o_all[*]-}${o_covers[$o_i]-} ]] || return 0
  for name in "${o_all[@]}" ${o_covers[$o_i]-}; do
    [[ ${o_debt[$name]-} ]] || o_write_debt "$name" || { o_fail 1 step; return 1; }
  done
}

# o_write_debt NAME: with the command that pays it, for a script that does not know it.
o_write_debt() {
  [[ -d $o_owed ]] || mkdir -- "$o_owed" || return 1
  printf '%s\0' "${o_command[$1]}" >|"$o_owed/$1" || return 1
  o_debt[$1]=1
}

# Reloads what is owed and clears what succeeded. Operations that caused a reload that fails are not done: they
# fail with it, the debt stays, and the next try of any of them tries it again.
o_pay() {
  local name service
  for name in "${!o_debt[@]}"; do
    service=${name#*.}
    if ! o_due "$name"; then
      # Owed by an operation that changed nothing in the end.
      o_rubbish+=("$o_owed/$name")
    elif [[ $name != restart.* && ${o_debt[restart.$service]-} ]] && o_due "restart.$service"; then
      continue
    elif o_pay_one "$name"; then
      o_rubbish+=("$o_owed/$name")
      [[ $name != restart.* ]] || o_rubbish+=("$o_owed/reload.$service")
    else
      o_unpaid "$name" "$o_status"
    fi
  done
}

# o_due NAME: owed from before, or something it covers changed.
o_due() {
  local i
  [[ ! ${o_old_debt[$1]-} ]] || return 0
  [[ " ${o_all[*]-} " != *" $1 "* || ! $o_any ]] || return 0
  for i in "${!o_change[@]}"; do
    [[ " ${o_covers[$i]-} " != *" $1 "* ]] || return 0
  done
  return 1
}

# o_pay_one NAME
o_pay_one() {
  local command=${o_command[$1]-}
  [[ $command ]] || IFS= read -r -d '' command <"$o_owed/$1" || command="systemctl ${1%%.*} ${1#*.}"
  o_now commit
  o_block commit
  o_subshell "$command"
  if ((o_status)); then o_record reload "$1" failed "$o_status"; else o_record reload "$1" ok 0; fi
  ((o_status == 0))
}

# o_unpaid NAME STATUS: whose success waited for it. Of a debt from before nobody knows whose it was: all.
o_unpaid() {
  local i
  for i in "${o_waiting[@]}"; do
    if [[ ${o_old_debt[$1]-} ]] || { [[ ${o_change[$i]-} ]] && o_covered "$i" "$1"; }; then
      o_bad[$i]=${o_bad[$i]:-"$2 $1"}
    fi
  done
}

# o_covered INDEX NAME
o_covered() {
  [[ " ${o_all[*]-} ${o_covers[$1]-} " == *" $2 "* ]]
}
