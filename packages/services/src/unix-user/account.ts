import { type Command, type Script, Secret, sh, text } from 'orchestrajs'
import { z } from 'zod'
import { absolutePath, oneLine, userName } from '../fields.ts'
import { checked } from '../service.ts'
import { rememberName } from './former.ts'
import { moveHome } from './home.ts'
import { isPersons, isSystems } from './login-defs.ts'
import { rememberNumbers, takeNumber, takeRange } from './numbers.ts'
import { stateDirectory } from './places.ts'
import { refuseSudoer } from './sudo.ts'

/** A password as /etc/shadow holds it, never in clear: `$y$...`, `$6$...`. */
export const passwordHash = z
  .string()
  .regex(/^\$[\w.]+\$[\w./=,$+-]+$/, 'use a hash as crypt(5) writes it, such as $y$...')

/** Directories below these are nobody's home to give and to take away. */
const systemDirectories = /^\/(bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|usr)(\/|$)/

export const homePath = absolutePath
  .refine(
    (path) => path.split('/').filter(Boolean).length >= 2,
    'use a directory inside another, as /home/NAME',
  )
  .refine((path) => !/\/\.?$/.test(path), 'write the path without a slash at its end')
  .refine((path) => !systemDirectories.test(path), 'use a directory outside the system')

const unixUserSchema = z.strictObject({
  name: userName,
  passwordHash: z
    .instanceof(Secret)
    .refine((hash) => passwordHash.safeParse(hash.reveal()).success, 'it is no hash as crypt(5) writes it')
    .nullish(),
  shell: absolutePath.default('/bin/bash'),
  home: homePath.optional(),
  comment: oneLine.regex(/^[^:]*$/, 'a colon ends the comment in passwd').default(''),
  groups: z.array(userName).optional(),
})

/** A system user. */
export interface UnixUser {
  name: string
  /** Hash of the password. Null: no password opens the account. Left out: the password is not ours. */
  passwordHash?: Secret | null | undefined
  /** Default /bin/bash. */
  shell?: string | undefined
  /** Default /home/NAME. It is made with the user, and moved when it changes. */
  home?: string | undefined
  /** Full name or whatever else belongs there. */
  comment?: string | undefined
  /** All groups beside the user's own; missing ones are made. Left out: groups are not ours. */
  groups?: readonly string[] | undefined
}

export type CheckedUser = z.output<typeof unixUserSchema> & { home: string }

/** Where an account stands: all that is asked of one that is to go, whatever else its row says by now. */
export interface PlacedUser {
  name: string
  /** Null where it is a directory that an earlier release took for a home: it is nobody's to take away. */
  home: string | null
}

export function checkPlace({ name: wanted, home }: UnixUser): PlacedUser {
  const name = checked('The name of an account', userName, wanted)
  const place = homePath.safeParse(home ?? `/home/${name}`)
  return { name, home: place.success ? place.data : null }
}

export function checkUser(wanted: UnixUser): CheckedUser {
  const user = checked('A unix user', unixUserSchema, wanted)
  return { ...user, home: user.home ?? `/home/${user.name}` }
}

function refuse(name: string): Command {
  return sh`echo ${`${name} is an account of the system: not ours to manage`} >&2; exit 1`
}

export function refuseSystemAccount(script: Script, name: string): void {
  script.run(refuse(name), { onlyIf: isSystems(name) })
}

export function exists(name: string): Command {
  return sh`getent passwd ${name} >/dev/null`
}

/** Tells that a group is made for an account that is not there yet: its name and its number. */
const making = `${stateDirectory}/making`

/**
 * A row named `root` or `www-data` must not become the account that the system lives by, and what a group opens already is not
 * handed to whoever gets its name. User and group have one number, which nobody had. No password opens the account at first, and
 * `*` is no lock: sshd without PAM lets nobody with a key into an account whose field begins with `!`.
 */
export function addAccount(script: Script, { name, home, shell, comment }: CheckedUser): void {
  script.run(
    sh`if ${exists(name)}; then ${refuse(name)}; fi
${refuseSudoer(name)}
rm -f -- ${`/var/lib/systemd/linger/${name}`}
if IFS=: read -r _ _ number _ < <(getent group ${name}); then
  if [[ ! -e ${making} || $(<${making}) != ${name}" $number" ]]; then
    echo ${`there is a group ${name} already, and the account would get what is the group's: remove it, or rename one of them`} >&2
    exit 1
  fi
else
${takeNumber}
  printf '%s %s\n' ${name} "$number" >${making}
  groupadd --gid "$number" -- ${name}
fi
useradd --uid "$number" --gid "$number" --no-user-group --no-create-home --home-dir ${home} --shell ${shell} \
  --comment ${comment} --password '*' -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -- ${name}
rm -f -- ${making}
${takeRange(name)}`,
    { unless: isPersons(name) },
  )
}

/** sshd, cron and su refuse an account whose shell cannot be run. */
export function refuseMissingShell(script: Script, { name, shell }: CheckedUser): void {
  script.run(sh`echo ${`the shell ${shell} of ${name} is no program on this server`} >&2; exit 1`, {
    unless: sh`[[ -f ${shell} && -x ${shell} ]]`,
  })
}

/** The home in passwd is the last to change: until then the next try knows where the files are. */
export function setProperties(script: Script, { name, home, shell, comment }: CheckedUser): void {
  script.run(
    sh`IFS=: read -r _ _ uid _ _ was _ < <(getent passwd ${name})
if [[ $was != ${home} ]]; then
${endProcessesOf(name)}
${moveHome(home)}
fi
usermod --shell ${shell} --comment ${comment} --home ${home} -- ${name}`,
    { unless: sh`[[ $(getent passwd ${name}) == *:${`${comment}:${home}:${shell}`} ]]` },
  )
}

/**
 * The hash goes in on stdin and is compared by the shell itself: it is in no argument list. Null is a field that no password
 * gives; one that is there already stays, whether useradd or an older version wrote it.
 */
export function setPassword(script: Script, name: string, hash: Secret | null): void {
  script.run(
    hash === null
      ? sh`chpasswd --encrypted`
      : sh`${refuseUselessHash(name)}
printf '%s\n' "$line" | chpasswd --encrypted`,
    {
      input: text`${name}:${hash ?? '*'}\n`,
      unless:
        hash === null
          ? sh`IFS=: read -r _ is _ < <(getent shadow ${name}) && [[ $is == '*' || $is == '!' || $is == '!*' || $is == '!!' ]]`
          : sh`IFS=: read -r _ is _ < <(getent shadow ${name}) && [[ $is == ${hash} ]]`,
    },
  )
}

/** Seconds that a login may take to compute the hash of what was typed. */
const longestHash = 5

/**
 * The server's own crypt(3) is asked for a hash with the same settings: it answers none to a kind that it does not know, and one
 * that begins otherwise or is not as long where the hash is not in the form that it writes. No password would ever open such
 * an account. Where perl is missing, nobody is asked.
 */
function refuseUselessHash(name: string): Command {
  return sh`IFS= read -r line
if command -v perl >/dev/null; then
  answer=0
  printf %s "\${line#*:}" | timeout ${longestHash} perl -e '
    my $is = <STDIN>; my $made = crypt("", $is) // "";
    exit(substr($made, 0, rindex($is, "\$")) eq substr($is, 0, rindex($is, "\$")) && length($made) == length($is) ? 0 : 3)' || answer=$?
  case $answer in
    0) ;;
    124) echo ${`the hash of ${name} takes longer than ${longestHash} s to check: nobody could log in`} >&2; exit 1 ;;
    *) echo ${`this server cannot check a password against the hash of ${name}: nobody could log in`} >&2; exit 1 ;;
  esac
fi`
}

/** An account in use can neither be renamed nor removed. */
export function endProcessesOf(name: string): Command {
  return sh`for ((i = 0; i < 100; i++)); do
  pkill -KILL -u ${name} || break
  sleep 0.1
done
if ((i == 100)); then echo ${`processes of ${name} do not end`} >&2; exit 1; fi`
}

export function endProcesses(script: Script, name: string): void {
  script.run(endProcessesOf(name), { onlyIf: sh`pgrep -u ${name} >/dev/null` })
}

/** Its group goes with it, where nobody else is in it; also where login.defs does not have userdel do so. */
export function removeAccount(script: Script, name: string): void {
  script.run(
    sh`${rememberNumbers(name)}
${rememberName(name)}
own=$gid
userdel -- ${name}
if IFS=: read -r _ _ gid members < <(getent group ${name}) && [[ $gid == "$own" && ! $members ]]; then
  groupdel -- ${name}
fi`,
    { onlyIf: exists(name) },
  )
}
