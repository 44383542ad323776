import { type Command, notMounted, type Script, sh, soundPlace } from 'orchestrajs'
import { loginDefs } from './login-defs.ts'
import { incomingPath, removeTree } from './places.ts'

/**
 * Moves the home `$was` of the user `$uid` to another place, whole or not at all as seen from outside; what was to come into it from
 * another server comes to the new place, and anew. Onto another file
 * system a copy goes beside the new place, and the old leaves its place only when the copy is whole. It may be interrupted
 * and run again at any point.
 *
 * Nobody but root can name what is copied until it is whole, and tar opens nothing through a link: who is still in the old home
 * can spoil his own files and no others.
 */
export function moveHome(home: string): Command {
  const arriving = `${home}.orchestra-arriving`
  return sh`left=$was.orchestra-moved new=${home}.orchestra-moving
if [[ -d $was || -d $left ]]; then ${soundPlace(sh`"$was"`)}; fi
${soundPlace(home)}
if [[ ! -d $left && -d $was && ! -L $was && $(stat -c %u -- "$was") == "$uid" ]]; then
  if [[ -e ${home} || -L ${home} ]]; then echo ${`${home} exists already`} >&2; exit 1; fi
  mkdir -p -- "$(dirname -- ${home})"
  if [[ $(stat -c %m -- "$(dirname -- "$was")") == $(stat -c %m -- "$(dirname -- ${home})") ]]; then
    mv -T -- "$was" ${home}
  else
    ${notMounted(sh`"$was"`)}
    rm -rf --one-file-system -- "$new" ${arriving}
    mkdir -m 700 -- ${arriving} ${arriving}/home
    tar --create --format=posix --sparse --acls --xattrs --xattrs-include='*' --numeric-owner --one-file-system \
      --warning=no-file-ignored -C "$was" -f - . |
      tar --extract --preserve-permissions --same-owner --acls --xattrs --xattrs-include='*' --numeric-owner \
        --delay-directory-restore -C ${arriving}/home -f -
    mv -T -- ${arriving}/home "$new"
    mv -T -- "$was" "$left"
    rmdir -- ${arriving}
  fi
fi
if [[ -d $left ]]; then
  if [[ -d $new ]]; then mv -T -- "$new" ${home}; fi
  if [[ ! -d ${home} ]]; then echo ${`${home} is not there, so the home before it stays:`} "$left" >&2; exit 1; fi
  ${notMounted(sh`"$left"`)}
  rm -rf --one-file-system -- "$left"
fi
incoming=${incomingPath(sh`"$was"`)}
if [[ -d $incoming ]]; then
  ${soundPlace(sh`"$was"`)}
  ${removeTree(sh`"$incoming"`)}
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

/**
 * A step of its own: a deletion that was interrupted leaves the account without its home. It is filled where nobody but root
 * gets in, and has the mode that useradd would give it.
 */
export function makeHome(script: Script, name: string, home: string): void {
  const making = `${home}.orchestra-new`
  script.run(
    sh`${soundPlace(home)}
${loginDefs('HOME_MODE', 'UMASK')}
mkdir -p -- "$(dirname -- ${home})"
${removeTree(making)}
mkdir -m 700 -- ${making} ${making}/home
if [[ -d /etc/skel ]]; then cp -R -T --preserve=mode,timestamps,links -- /etc/skel ${making}/home; fi
chown -hR -- "$(id -u -- ${name}):$(id -g -- ${name})" ${making}/home
chmod -- "\${HOME_MODE:-$(printf %o $((0777 & ~8#$UMASK)))}" ${making}/home
mv -nT -- ${making}/home ${home}
rmdir -- ${making}`,
    { unless: sh`[[ -d ${home} ]]` },
  )
}

/**
 * A home that came back from the trash before its account did belongs to a number that nobody has. Only one of the user's
 * own name is taken, and never one that has an owner: it would be a neighbour's. Root's own is left alone, as sshd wants the
 * top of a chroot.
 */
export function takeHomeBack(script: Script, name: string, home: string): void {
  const isNamedSo = home.split('/').at(-1) === name
  script.run(
    sh`uid=$(stat -c %u -- ${home})
if owner=$(getent passwd "$uid"); then
  echo ${`${home} belongs to another account than ${name}:`} "\${owner%%:*}" >&2
  exit 1
fi
${isNamedSo ? handOver(name, home) : sh`echo ${`${home} belongs to a number that no account has: give it to ${name}, or remove it`} >&2; exit 1`}`,
    {
      onlyIf: sh`[[ -d ${home} ]] && uid=$(stat -c %u -- ${home}) && [[ $uid != 0 && $uid != "$(id -u ${name})" ]]`,
    },
  )
}

/**
 * What belonged to the owner of the home belongs to the account of this name; what belonged to others stays theirs. From inside
 * of each directory, and not through links: nobody can send it elsewhere by swapping names meanwhile.
 */
function handOver(name: string, path: string): Command {
  return sh`${soundPlace(path)}
read -r uid gid < <(stat -c '%u %g' -- ${path})
find ${path} -xdev -user "$uid" -execdir chown -h --from="$uid" -- "$(id -u -- ${name})" {} +
find ${path} -xdev -group "$gid" -execdir chown -h --from=":$gid" -- ":$(id -g -- ${name})" {} +`
}

/**
 * Before the account is removed: an account without its home is found again by the next try, a home alone is not.
 * A directory that belongs to somebody else stays.
 */
export function trashHome(script: Script, name: string, home: string, directory: string | undefined): void {
  const isHis = sh`[[ -d ${home} && $(stat -c %U -- ${home}) == ${name} ]]`
  script.run(sh`${soundPlace(home)}`, {
    onlyIf: isHis,
    unless: sh`${soundPlace(home)}`,
  })
  script.trash(home, {
    ...(directory !== undefined && { directory }),
    note: `home of ${name}`,
    onlyIf: isHis,
    restore: giveBack(name, home, handOver(name, home)),
  })
}

const crontabOf = (name: string) => `/var/spool/cron/crontabs/${name}`

export function trashCrontab(script: Script, name: string, directory: string | undefined): void {
  const handBack = sh`chown -h -- "$(id -u -- ${name})" ${crontabOf(name)}`
  script.trash(crontabOf(name), {
    ...(directory !== undefined && { directory }),
    note: `crontab of ${name}`,
    restore: giveBack(name, crontabOf(name), handBack),
  })
}

/** cron goes by the name of the file. */
export function renameCrontab(script: Script, from: string, to: string): void {
  script.run(sh`mv -fT -- ${crontabOf(from)} ${crontabOf(to)}`, { onlyIf: sh`[[ -e ${crontabOf(from)} ]]` })
}

/** A number that somebody else got meanwhile must not open what comes back. */
function giveBack(name: string, path: string, handOver: Command): Command {
  return sh`uid=$(stat -c %u -- ${path})
if getent passwd ${name} >/dev/null; then
  if [[ $uid != "$(id -u ${name})" ]]; then
${handOver}
  fi
elif getent passwd "$uid" >/dev/null; then
  echo ${`its number belongs to another account now: make the account ${name} first`} >&2
  exit 1
fi`
}
