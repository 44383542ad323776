import { type Command, sh } from 'orchestrajs'
import { loginDefs } from './login-defs.ts'
import { ownDirectories, stateDirectory } from './places.ts'

/** A number of a user or a group that was somebody's, one a line. */
const usedNumbers = `${stateDirectory}/numbers`
/** Ranges of numbers that were somebody's, as /etc/subuid has them. */
const usedRanges = `${stateDirectory}/ranges`

/** Homes that an older version put away tell whose numbers are gone. */
const oldTrash = '/var/lib/orchestra/trash/*/*/data'

/**
 * Sets `$number` to one that no user and no group has, and none had as far as is known here, and writes it down. Always beyond
 * the highest that was seen; only where login.defs leaves no more, the lowest that nobody ever had.
 */
export const takeNumber: Command = sh`${loginDefs('UID_MIN', 'UID_MAX', 'GID_MIN', 'GID_MAX')}
${openState()}
number=$({ getent passwd | cut -d: -f3,4 | tr : '\n'; getent group | cut -d: -f3; cat -- ${usedNumbers}; } | awk \
  -v least="$((UID_MIN > GID_MIN ? UID_MIN : GID_MIN))" -v most="$((UID_MAX < GID_MAX ? UID_MAX : GID_MAX))" '
  $1 >= least && $1 <= most { taken[$1 + 0] = 1; if ($1 + 0 > top) top = $1 + 0 }
  END {
    if (!top) top = least - 1
    if (top < most) print top + 1
    else for (i = least + 0; i <= most; i++) if (!(i in taken)) { print i; exit }
  }')
if [[ ! $number ]]; then
  echo ${`every number that login.defs gives to people is or was somebody's: raise UID_MAX and GID_MAX there, or take numbers out of ${usedNumbers} of which no file is left`} >&2
  exit 1
fi
echo "$number" >>${usedNumbers}`

function openState(): Command {
  return sh`${ownDirectories(stateDirectory)}
if [[ ! -e ${usedNumbers} ]]; then
  { compgen -G ${oldTrash} || true; } | while IFS= read -r entry; do stat -c $'%u\n%g' -- "$entry"; done >${usedNumbers}
fi`
}

/** Before an account goes: its numbers, and those of its containers, are nobody's from now on. */
export function rememberNumbers(name: string): Command {
  return sh`${openState()}
IFS=: read -r _ _ uid gid _ < <(getent passwd ${name})
printf '%s\n' "$uid" "$gid" >>${usedNumbers}
{ grep -hs ${`^${name}:`} /etc/subuid /etc/subgid || true; } >>${usedRanges}`
}

/** Gives the account a range of numbers for containers, as useradd would, but one that nobody had. */
export function takeRange(name: string): Command {
  return sh`${loginDefs('SUB_UID_MIN', 'SUB_UID_MAX', 'SUB_UID_COUNT')}
if [[ -e /etc/subuid && -e /etc/subgid ]] && ((SUB_UID_COUNT > 0)); then
  touch -- ${usedRanges}
  first=$(awk -F: -v top="$SUB_UID_MIN" '$2 + $3 > top + 0 { top = $2 + $3 } END { printf "%.0f\n", top }' /etc/subuid /etc/subgid ${usedRanges})
  last=$((first + SUB_UID_COUNT - 1))
  if ((last <= SUB_UID_MAX)); then
    printf '%s:%s:%s\n' ${name} "$first" "$SUB_UID_COUNT" >>${usedRanges}
    usermod --add-subuids "$first-$last" --add-subgids "$first-$last" -- ${name}
  else
    echo ${`no range of numbers for containers of ${name} is left: raise SUB_UID_MAX in login.defs`} >&2
  fi
fi`
}
