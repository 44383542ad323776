import { type Command, type Script, Secret, sh, text } from 'orchestrajs'
import { z } from 'zod'
import { absolutePath, oneLine, userName } from '../fields.ts'
import { checked } from '../service.ts'
import { moveHome } from './home.ts'

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
  .refine((path) => !systemDirectories.test(path), 'use a directory outside the system')

const unixUserSchema = z.object({
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

export function checkUser(wanted: UnixUser): CheckedUser {
  const user = checked('A unix user', unixUserSchema, wanted)
  return { ...user, home: user.home ?? `/home/${user.name}` }
}

function refuse(name: string): Command {
  return sh`echo ${`${name} is an account of the system: not ours to manage`} >&2; exit 1`
}

export function refuseSystemAccount(script: Script, name: string): void {
  script.run(refuse(name), {
    onlyIf: sh`IFS=: read -r _ _ uid _ < <(getent passwd ${name}) && ((uid < 1000 || uid == 65534))`,
  })
}

export function exists(name: string): Command {
  return sh`getent passwd ${name} >/dev/null`
}

/** A row named `root` or `www-data` must not become the account that the system lives by. */
export function addAccount(script: Script, { name, home, shell, comment }: CheckedUser): void {
  script.run(
    sh`if ${exists(name)}; then ${refuse(name)}; fi
useradd --no-create-home --home-dir ${home} --shell ${shell} --comment ${comment} -- ${name}`,
    { unless: sh`IFS=: read -r _ _ uid _ < <(getent passwd ${name}) && ((uid >= 1000 && uid != 65534))` },
  )
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

/** The user's own group, which `id` names first, stays beside the ones that are asked for. */
export function setGroups(script: Script, name: string, groups: readonly string[]): void {
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
export function setPassword(script: Script, name: string, hash: Secret | null): void {
  const field = hash ?? '!'
  script.run(sh`chpasswd --encrypted`, {
    input: text`${name}:${field}\n`,
    unless: sh`IFS=: read -r _ is _ < <(getent shadow ${name}) && [[ $is == ${field} ]]`,
  })
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

export function removeAccount(script: Script, name: string): void {
  script.run(sh`userdel -- ${name}`, { onlyIf: exists(name) })
}
