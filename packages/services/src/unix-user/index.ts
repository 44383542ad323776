import { type Backend, type Command, defineBackend, type Script, Secret, sh, text } from 'orchestrajs'
import { z } from 'zod'
import { absolutePath, oneLine, userName } from '../fields.ts'
import { checked, type Mapping, type ServiceOptions } from '../service.ts'

/** A password as /etc/shadow holds it, never in clear: `$y$...`, `$6$...`. */
export const passwordHash = z
  .string()
  .regex(/^\$[\w.]+\$[\w./=,$+-]+$/, 'use a hash as crypt(5) writes it, such as $y$...')

/** Directories below these are nobody's home to give and to take away. */
const systemDirectories = /^\/(bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|usr)(\/|$)/

const home = absolutePath
  .refine(
    (path) => path.split('/').filter(Boolean).length >= 2,
    'use a directory inside another, as /home/NAME',
  )
  .refine((path) => !systemDirectories.test(path), 'use a directory outside the system')

const unixUserSchema = z.object({
  name: userName,
  passwordHash: z
    .instanceof(Secret)
    .refine((hash) => passwordHash.safeParse(hash.reveal()).success, 'it is no hash as crypt(5) writes it')
    .nullish(),
  shell: absolutePath.default('/bin/bash'),
  home: home.optional(),
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

export interface UnixUserOptions<Schema extends z.ZodType, Secrets extends string>
  extends ServiceOptions<Schema, Secrets> {
  user: Mapping<Schema, Secrets, UnixUser>
  /** Where the homes of deleted users go; default /var/trash/homes. Only root can look into it. */
  trash?: string
}

type CheckedUser = z.output<typeof unixUserSchema> & { home: string }

/**
 * System users: account, password hash, shell, groups and home. Accounts of the system (uid below 1000, nobody) are
 * never touched.
 */
export function unixUser<Schema extends z.ZodType, Secrets extends string>(
  options: UnixUserOptions<Schema, Secrets>,
): Backend {
  const trash = checked('trash', home, options.trash ?? '/var/trash/homes')
  return defineBackend({
    name: options.name ?? 'unix-user',
    model: options.model,
    after: options.after ?? [],
    identity: (object) => options.user(object).name,
    save(script, object) {
      const user = checkUser(options.user(object))
      addAccount(script, user)
      setProperties(script, user)
      makeHome(script, user)
      if (user.groups !== undefined) setGroups(script, user.name, user.groups)
      if (user.passwordHash !== undefined) setPassword(script, user.name, user.passwordHash)
    },
    delete(script, object) {
      const user = checkUser(options.user(object))
      refuseSystemAccount(script, user.name)
      endProcesses(script, user.name)
      moveHome(script, user, trash)
      removeAccount(script, user.name)
    },
  })
}

function checkUser(wanted: UnixUser): CheckedUser {
  const user = checked('A unix user', unixUserSchema, wanted)
  return { ...user, home: user.home ?? `/home/${user.name}` }
}

function refuse(name: string): Command {
  return sh`echo ${`${name} is an account of the system: not ours to manage`} >&2; exit 1`
}

function refuseSystemAccount(script: Script, name: string): void {
  script.run(refuse(name), {
    onlyIf: sh`IFS=: read -r _ _ uid _ < <(getent passwd ${name}) && ((uid < 1000 || uid == 65534))`,
  })
}

function exists(name: string): Command {
  return sh`getent passwd ${name} >/dev/null`
}

/** A row named `root` or `www-data` must not become the account that the system lives by. */
function addAccount(script: Script, { name, home: directory, shell, comment }: CheckedUser): void {
  script.run(
    sh`if ${exists(name)}; then ${refuse(name)}; fi
useradd --no-create-home --home-dir ${directory} --shell ${shell} --comment ${comment} -- ${name}`,
    { unless: sh`IFS=: read -r _ _ uid _ < <(getent passwd ${name}) && ((uid >= 1000 && uid != 65534))` },
  )
}

function setProperties(script: Script, { name, home: directory, shell, comment }: CheckedUser): void {
  script.run(
    sh`usermod --shell ${shell} --comment ${comment} -- ${name}
if [[ $(getent passwd ${name}) != *:${directory}:* ]]; then usermod --move-home --home ${directory} -- ${name}; fi`,
    { unless: sh`[[ $(getent passwd ${name}) == *:${`${comment}:${directory}:${shell}`} ]]` },
  )
}

/** A step of its own: a deletion that was interrupted leaves the account without its home. */
function makeHome(script: Script, { name, home: directory }: CheckedUser): void {
  script.run(
    sh`mkdir -p -- "$(dirname -- ${directory})"
mkhomedir_helper ${name}`,
    { unless: sh`[[ -d ${directory} ]]` },
  )
}

/** The user's own group, which `id` names first, stays beside the ones that are asked for. */
function setGroups(script: Script, name: string, groups: readonly string[]): void {
  script.run(
    sh`for group in ${groups}; do getent group "$group" >/dev/null || groupadd -- "$group"; done
usermod --groups ${groups.join(',')} -- ${name}`,
    {
      unless: sh`should=(${groups})
read -ra is < <(id -nG -- ${name})
for group in "\${should[@]}"; do [[ " \${is[*]} " == *" $group "* ]] || exit 1; done
for group in "\${is[@]:1}"; do [[ " \${should[*]} " == *" $group "* ]] || exit 1; done`,
    },
  )
}

/** The hash goes in on stdin and is compared by the shell itself: it is in no argument list. */
function setPassword(script: Script, name: string, hash: Secret | null): void {
  const field = hash ?? '!'
  script.run(sh`chpasswd --encrypted`, {
    input: text`${name}:${field}\n`,
    unless: sh`IFS=: read -r _ is _ < <(getent shadow ${name}) && [[ $is == ${field} ]]`,
  })
}

/** An account in use cannot be removed. */
function endProcesses(script: Script, name: string): void {
  script.run(
    sh`crontab -u ${name} -r 2>/dev/null || true
for ((i = 0; i < 100; i++)); do
  pkill -KILL -u ${name} || exit 0
  sleep 0.1
done
echo ${`processes of ${name} do not end`} >&2
exit 1`,
    { onlyIf: exists(name) },
  )
}

/**
 * Before the account is removed: an account without its home is found again by the next try, a home alone is not.
 * A directory that belongs to somebody else stays.
 */
function moveHome(script: Script, { name, home: directory }: CheckedUser, trash: string): void {
  script.directory(trash, { mode: '0700', owner: 'root', group: 'root' })
  script.run(
    sh`printf -v now '%(%Y%m%dT%H%M%S)T' -1
mv -T -- ${directory} ${`${trash}/${name}`}."$now"`,
    {
      onlyIf: sh`[[ -d ${directory} && $(stat -c %U -- ${directory}) == ${name} ]]`,
    },
  )
}

function removeAccount(script: Script, name: string): void {
  script.run(sh`userdel -- ${name}`, { onlyIf: exists(name) })
}
