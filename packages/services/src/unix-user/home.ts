import { type Command, type Script, sh } from 'orchestrajs'

/**
 * Moves the home `$was` of the user `$uid` to another place, whole or not at all as seen from outside. Onto another file
 * system a copy goes beside the new place, and the old leaves its place only when the copy is whole. It may be interrupted
 * and run again at any point.
 */
export function moveHome(home: string): Command {
  return sh`left=$was.orchestra-moved new=${home}.orchestra-moving
if [[ ! -d $left && -d $was && ! -L $was && $(stat -c %u -- "$was") == "$uid" ]]; then
  if [[ -e ${home} || -L ${home} ]]; then echo ${`${home} exists already`} >&2; exit 1; fi
  mkdir -p -- "$(dirname -- ${home})"
  if [[ $(stat -c %m -- "$(dirname -- "$was")") == $(stat -c %m -- "$(dirname -- ${home})") ]]; then
    mv -T -- "$was" ${home}
  else
    rm -rf -- "$new"
    cp -a -T -- "$was" "$new"
    mv -T -- "$was" "$left"
  fi
fi
if [[ -d $left ]]; then
  if [[ -d $new ]]; then mv -T -- "$new" ${home}; fi
  if [[ ! -d ${home} ]]; then echo ${`${home} is not there, so the home before it stays:`} "$left" >&2; exit 1; fi
  rm -rf -- "$left"
fi`
}

/** As `moveHome`, of an account that stays as it is otherwise. */
export function moveHomeOf(script: Script, name: string, home: string): void {
  script.run(
    sh`IFS=: read -r _ _ uid _ _ was _ < <(getent passwd ${name})
${moveHome(home)}
usermod --home ${home} -- ${name}`,
    {
      onlyIf: sh`getent passwd ${name} >/dev/null`,
      unless: sh`[[ $(getent passwd ${name}) == *:${home}:* ]]`,
    },
  )
}

/** A step of its own: a deletion that was interrupted leaves the account without its home. */
export function makeHome(script: Script, name: string, home: string): void {
  script.run(
    sh`mkdir -p -- "$(dirname -- ${home})"
mkhomedir_helper ${name}`,
    { unless: sh`[[ -d ${home} ]]` },
  )
}

/**
 * A home that came back from the trash before its account did belongs to a number that nobody has. Only one of the user's
 * own name is taken: another may be somebody else's.
 */
export function takeHomeBack(script: Script, name: string, home: string): void {
  if (home.split('/').at(-1) !== name) return
  script.run(handOver(name, home), {
    onlyIf: sh`uid=$(stat -c %u -- ${home}) && [[ $uid != "$(id -u ${name})" ]] && ! getent passwd "$uid" >/dev/null`,
  })
}

/** What belonged to the owner of the home belongs to the account of this name; what belonged to others stays theirs. */
function handOver(name: string, path: string): Command {
  return sh`read -r uid gid < <(stat -c '%u %g' -- ${path})
find ${path} -xdev -user "$uid" -exec chown -h ${name} {} +
find ${path} -xdev -group "$gid" -exec chgrp -h "$(id -g ${name})" {} +`
}

/**
 * Before the account is removed: an account without its home is found again by the next try, a home alone is not.
 * A directory that belongs to somebody else stays.
 */
export function trashHome(script: Script, name: string, home: string, directory: string | undefined): void {
  script.trash(home, {
    ...(directory !== undefined && { directory }),
    note: `home of ${name}`,
    onlyIf: sh`[[ -d ${home} && $(stat -c %U -- ${home}) == ${name} ]]`,
    restore: giveBack(name, home),
  })
}

const crontabOf = (name: string) => `/var/spool/cron/crontabs/${name}`

export function trashCrontab(script: Script, name: string, directory: string | undefined): void {
  script.trash(crontabOf(name), {
    ...(directory !== undefined && { directory }),
    note: `crontab of ${name}`,
    restore: giveBack(name, crontabOf(name)),
  })
}

/** cron goes by the name of the file. */
export function renameCrontab(script: Script, from: string, to: string): void {
  script.run(sh`mv -fT -- ${crontabOf(from)} ${crontabOf(to)}`, { onlyIf: sh`[[ -e ${crontabOf(from)} ]]` })
}

/** A number that somebody else got meanwhile must not open what comes back. */
function giveBack(name: string, path: string): Command {
  return sh`uid=$(stat -c %u -- ${path})
if getent passwd ${name} >/dev/null; then
  if [[ $uid != "$(id -u ${name})" ]]; then
${handOver(name, path)}
  fi
elif getent passwd "$uid" >/dev/null; then
  echo ${`its number belongs to another account now: make the account ${name} first`} >&2
  exit 1
fi`
}
