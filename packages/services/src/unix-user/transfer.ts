import { type Command, sh } from 'orchestrajs'
import type { CheckedUser } from './account.ts'

/** Stands for the account's own number on the way: the same name may have another number on the other server. */
const ownNumber = 2_147_483_646

export const incomingPath = (home: string) => `${home}.orchestra-incoming`

/**
 * The home with what tar can keep: names, modes, times, holes, hard links, access lists. Owners go by their names. It does not
 * follow into other file systems.
 */
export function dumpHome({ name, home }: CheckedUser): Command {
  return sh`own="orchestra-own:"${ownNumber}
tar --create --format=posix --sparse --acls --xattrs --one-file-system --warning=no-file-ignored \
  --owner-map=<(printf '%s %s\n' ${name} "$own") --group-map=<(printf '%s %s\n' "$(id -gn ${name})" "$own") -C ${home} -f - .`
}

/** Beside its place, where nobody but root can look in before it is whole. */
export function restoreHome({ name, home }: CheckedUser): Command {
  const incoming = incomingPath(home)
  return sh`rm -rf -- ${incoming}
mkdir -p -- ${incoming}/home
chmod 700 -- ${incoming}
tar --extract --preserve-permissions --same-owner --acls --xattrs --delay-directory-restore -C ${incoming}/home -f -
find ${incoming} -xdev -perm /6000 ! -type d \( -uid ${ownNumber} -o -gid ${ownNumber} \) -printf '%m %p\0' >${incoming}/modes
find ${incoming}/home -xdev -uid ${ownNumber} -exec chown -h ${name} {} +
find ${incoming}/home -xdev -gid ${ownNumber} -exec chgrp -h "$(id -g ${name})" {} +
while IFS=' ' read -r -d '' mode path; do chmod "$mode" -- "$path"; done <${incoming}/modes`
}

/** What must be the same in both: names, kinds, modes, owners, targets of links, times and contents of files. Sockets do not travel. */
export function digestHome(path: string, name: string): Command {
  return sh`cd -- ${path}
export LC_ALL=C
group=$(id -gn ${name})
listing=$(find . -xdev ! -type s -printf '%y %m ' \( -user ${name} -printf own -o -printf %u \) -printf ' ' \
  \( -group "$group" -printf own -o -printf %g \) \( -type f -printf ' %s %T@' -o -true \) -printf ' %P\0' \
  -type l -printf 'link %P -> %l\0' | sort -z | sha256sum)
contents=$(find . -xdev -type f -print0 | sort -z | xargs -0r sha256sum -z -- | sha256sum)
entries=$(find . -xdev ! -type s -printf x | wc -c)
printf 'entries %s\nlisting %s\ncontents %s\n' "$entries" "\${listing%% *}" "\${contents%% *}"`
}

/** The home that was made with the account goes aside, and for good only when nothing but the skeleton is in it. */
export function switchHome({ home }: CheckedUser): Command {
  const incoming = incomingPath(home)
  return sh`if [[ -d ${incoming}/home ]]; then
  if [[ -e ${home} || -L ${home} ]]; then mv -T -- ${home} ${home}.before-"$EPOCHSECONDS"; fi
  mv -T -- ${incoming}/home ${home}
fi
rm -rf -- ${incoming}
for aside in ${home}.before-*; do
  if diff -rq --no-dereference /etc/skel "$aside" >/dev/null; then rm -rf -- "$aside"; fi
done`
}
