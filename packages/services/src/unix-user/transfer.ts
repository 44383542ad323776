import { asUser, type Command, notMounted, sh, soundPlace } from 'orchestrajs'
import type { CheckedUser } from './account.ts'
import { incomingPath, removeTree } from './places.ts'

/**
 * Sets `leaving` to devices: only root makes them, and tar is told to leave them out. Files of others that the account cannot read
 * are not its to take along; to leave them behind unsaid would lose them. Lists of rights beyond the mode are not asked: what they
 * alone open is named, too.
 */
const lookThrough = sh`leaving=() hidden=()
while IFS= read -r -d '' found; do
  if [[ $found == d* ]]; then leaving+=("\${found:1}"); else hidden+=("\${found:3}"); fi
done < <(find . -ignore_readdir_race -xdev \( -type b -o -type c \) -printf 'd%p\0' -o ! -user "$UID" \
  \( -type f ! -perm -o=r ! \( -group "$(id -g)" -perm -g=r \) -o -type d ! -perm -o=rx ! \( -group "$(id -g)" -perm -g=rx \) \) -printf 'h%p\0')
if ((\${#hidden[@]})); then
  printf '%q belongs to somebody else and the account cannot read it: give it to the account, or remove it\n' "\${hidden[@]:0:3}" >&2
  exit 1
fi`

const withoutDevices = sh`--anchored --no-wildcards "\${leaving[@]/#/--exclude=}"`

/**
 * The home with what a copy may have: names, kinds, modes, times, holes, hard links, attributes of the user. The account reads it, with
 * the right to read its own files whatever their mode; tar opens nothing through a link and stays in the file system. What
 * changed meanwhile (status 1) is found when both are compared.
 */
export function dumpHome({ name, home }: CheckedUser): Command {
  return inHome(
    home,
    asUser(
      name,
      sh`${lookThrough}
tar --create --format=posix --sparse --xattrs --xattrs-include='user.*' --one-file-system --warning=no-file-ignored \
  --owner=0 --group=0 --numeric-owner ${withoutDevices} -f - . || (($? == 1))`,
      { confined: 'reads-all' },
    ),
  )
}

/**
 * Beside its place, where nobody but root can look in before it is whole, the account itself unpacks what came from the other
 * server: what it could not make here, it cannot bring. Set-id bits of files do not travel: nothing in an archive tells who set them.
 */
export function restoreHome({ name, home }: CheckedUser): Command {
  const incoming = incomingPath(home)
  const unpack = sh`tar --extract --no-same-owner --preserve-permissions --xattrs --xattrs-include='user.*' --no-acls --no-selinux \
  --delay-directory-restore -f -
find . -xdev -type f -perm /6000 -exec chmod u-s,g-s -- {} +`
  return sh`${soundPlace(home)}
mkdir -p -- "$(dirname -- ${home})"
${removeTree(incoming)}
mkdir -m 700 -- ${incoming} ${incoming}/home
chown -h -- "$(id -u -- ${name}):$(id -g -- ${name})" ${incoming}/home
cd -- ${incoming}/home
${asUser(name, unpack, { confined: 'own' })}`
}

/** What must be the same in both; see `digest`. Sockets and devices do not travel. */
export function digestHome(path: string, name: string): Command {
  return inHome(path, asUser(name, digest, { confined: 'reads-all' }))
}

/**
 * Names, kinds, times and sizes of files, targets of links; and what tar reads: contents, modes, hard links. It is tar that reads
 * them, because nobody can have it open something else by swapping a name.
 */
const digest = sh`export LC_ALL=C
${lookThrough}
listing=$(find . -xdev ! -type s ! -type b ! -type c \( -type f -printf '%y %s %T@ %P\0' -o -type l -printf '%y %P -> %l\0' -o -printf '%y %P\0' \) |
  sort -z | sha256sum)
contents=$(tar --create --format=gnu --sort=name --one-file-system --warning=no-file-ignored --mtime=@0 --owner=0 --group=0 --numeric-owner \
  --mode=u-s,g-s ${withoutDevices} -f - . | sha256sum)
entries=$(find . -xdev ! -type s ! -type b ! -type c -printf x | wc -c)
printf 'entries %s\nlisting %s\ncontents %s\n' "$entries" "\${listing%% *}" "\${contents%% *}"`

/** From inside, so that no name above it is looked up again. */
function inHome(path: string, command: Command): Command {
  return sh`${soundPlace(path)}
if [[ -L ${path} || ! -d ${path} ]]; then echo ${`${path} is no directory`} >&2; exit 1; fi
cd -- ${path}
${command}`
}

/** The home that was made with the account goes aside, and for good only when nothing but the skeleton is in it. */
export function switchHome({ name, home }: CheckedUser): Command {
  const incoming = incomingPath(home)
  return sh`${soundPlace(home)}
if [[ -d ${incoming}/home ]]; then
  if [[ -e ${home} || -L ${home} ]]; then mv -T -- ${home} ${home}.before-"$EPOCHSECONDS"; fi
  mv -T -- ${incoming}/home ${home}
fi
${removeTree(incoming)}
for aside in ${home}.before-*; do
  if [[ -d $aside && ! -L $aside ]] && (cd -- "$aside" && ${asUser(name, sh`diff -rq --no-dereference /etc/skel . >/dev/null`, { confined: 'own' })}); then
    ${notMounted(sh`"$aside"`)}
    rm -rf --one-file-system -- "$aside"
  fi
done`
}
