import { type Command, type Script, sh } from 'orchestrajs'
import { endProcessesOf, exists, type PlacedUser, refuseSystemAccount } from './account.ts'
import { rememberName, renameLingering } from './former.ts'
import { renameCrontab } from './home.ts'
import { refuseSudoer } from './sudo.ts'

/**
 * Gives the account another name; number, password and groups stay, and save moves the home. Each step looks at what is
 * there, so a rename that was interrupted goes on where it was.
 */
export function renameAccount(script: Script, { name: to }: PlacedUser, { name: from }: PlacedUser): void {
  if (from === to) return
  refuseSystemAccount(script, from)
  script.run(sh`echo ${`there is another account ${to}: ${from} stays as it is`} >&2; exit 1`, {
    onlyIf: sh`${exists(from)} && ${exists(to)}`,
  })
  script.run(refuseSudoer(to), { onlyIf: exists(from) })
  script.run(sh`groupmod --new-name ${to} -- ${from}`, { onlyIf: ownGroupIs(from, to) })
  script.run(
    sh`${endProcessesOf(from)}
usermod --login ${to} -- ${from}
${rememberName(from)}`,
    { onlyIf: exists(from) },
  )
  renameCrontab(script, from, to)
  renameLingering(script, from, to)
  for (const file of ['/etc/subuid', '/etc/subgid']) {
    script.run(sh`sed -i ${`s/^${from}:/${to}:/`} ${file}`, {
      onlyIf: sh`[[ -e ${file} && $'\n'$(<${file}) == *$'\n'${`${from}:`}* ]] && ! ${exists(from)}`,
    })
  }
}

/** Whether the user, under either name, has a group of the old name as its own. */
function ownGroupIs(from: string, to: string): Command {
  return sh`IFS=: read -r _ _ _ own _ < <(getent passwd ${from} || getent passwd ${to}) && IFS=: read -r _ _ gid _ < <(getent group ${from}) && [[ $gid == "$own" ]]`
}
