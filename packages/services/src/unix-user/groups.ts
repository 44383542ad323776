import { type Command, type Script, sh } from 'orchestrajs'
import { loginDefs } from './login-defs.ts'
import { takeNumber } from './numbers.ts'
import { refuseSudoGroup } from './sudo.ts'

/** Who is in one of these has the machine, wherever programs find the group by its name; so it is not even made. */
const powerful = [
  'adm',
  'admin',
  'disk',
  'docker',
  'incus',
  'incus-admin',
  'kmem',
  'kvm',
  'libvirt',
  'lxd',
  'podman',
  'root',
  'shadow',
  'staff',
  'sudo',
  'systemd-journal',
  'wheel',
]

/** All groups beside the account's own, which `id` names first. */
export function setGroups(
  script: Script,
  name: string,
  groups: readonly string[],
  allowed: readonly string[],
): void {
  for (const group of groups) makeGroup(script, group, allowed)
  script.run(sh`usermod --groups ${groups.join(',')} -- ${name}`, {
    unless: sh`should=(${groups})
read -ra is < <(id -nG -- ${name})
for group in "\${should[@]}"; do [[ " \${is[*]} " == *" $group "* ]] || exit 1; done
for group in "\${is[@]:1}"; do [[ " \${should[*]} " == *" $group "* ]] || exit 1; done`,
  })
}

/** By number, so that a group of the system is one under any name. */
export function refuseSystemGroups(
  script: Script,
  wanted: readonly string[],
  allowed: readonly string[],
): void {
  const groups = wanted.filter((group) => !allowed.includes(group))
  if (groups.length === 0) return
  const byName = groups.filter((group) => powerful.includes(group))
  const find = sh`refused=(${byName})
${loginDefs('GID_MIN')}
while IFS=: read -r group _ gid _; do
  if ((gid < GID_MIN || gid == 65534)); then refused+=("$group"); fi
done < <(getent group ${groups})
((\${#refused[@]}))`
  script.run(
    sh`${find}
printf '%s is a group of the system: who may be in it is said by allowGroups of the backend\n' "\${refused[@]}" >&2
exit 1`,
    { onlyIf: find },
  )
}

function makeGroup(script: Script, group: string, allowed: readonly string[]): void {
  script.run(
    sh`${allowed.includes(group) ? sh`:` : refuseSudoGroup(group)}
${takeNumber}
groupadd --gid "$number" -- ${group}`,
    { unless: groupExists(group) },
  )
}

function groupExists(group: string): Command {
  return sh`getent group ${group} >/dev/null`
}
