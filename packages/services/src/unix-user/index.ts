import { type Backend, checkOptions, defineBackend, type NamesOf, type Script, sh } from 'orchestrajs'
import { z } from 'zod'
import { userName } from '../fields.ts'
import { parking } from '../parking.ts'
import { checked, type Mapping, policiesOf, type ServiceOptions, serviceNames } from '../service.ts'
import {
  addAccount,
  checkPlace,
  checkUser,
  endProcesses,
  exists,
  homePath,
  refuseMissingShell,
  refuseSystemAccount,
  removeAccount,
  setPassword,
  setProperties,
  type UnixUser,
} from './account.ts'
import { endLingering, trashLeftovers } from './former.ts'
import { refuseSystemGroups, setGroups } from './groups.ts'
import { makeHome, moveHomeOf, takeHomeBack, trashCrontab, trashHome } from './home.ts'
import { loginDefs } from './login-defs.ts'
import { ownGroups } from './own.ts'
import { incomingPath } from './places.ts'
import { renameAccount } from './rename.ts'
import { digestHome, dumpHome, restoreHome, switchHome } from './transfer.ts'

export { passwordHash, type UnixUser } from './account.ts'

export interface UnixUserOptions<Schema extends z.ZodType, Secrets extends string>
  extends ServiceOptions<Schema, Secrets> {
  user: Mapping<Schema, Secrets, UnixUser>
  /** Where the homes of deleted users go; default the trash of the file system that they are on. */
  trash?: string
  /** Groups of the system that rows may name; default none. Who is in `sudo`, `docker` or `disk` has the machine. */
  allowGroups?: readonly string[]
}

const names: NamesOf<UnixUserOptions<z.ZodType, string>> = {
  ...serviceNames,
  user: true,
  trash: true,
  allowGroups: true,
}

/**
 * System users: account, password hash, shell, groups and home. Accounts of the system (a number below UID_MIN of login.defs, and
 * nobody) are never touched.
 */
export function unixUser<Schema extends z.ZodType, Secrets extends string>(
  options: UnixUserOptions<Schema, Secrets>,
): Backend {
  checkOptions('unixUser()', options, names)
  const trash = options.trash === undefined ? undefined : checked('trash', homePath, options.trash)
  const allowed = checked('allowGroups', z.array(userName), options.allowGroups ?? [])
  // A home that is named is out of the way too: somebody else's may be called so.
  const users = parking(options.user, (user, nameOf) => ({
    ...user,
    name: nameOf(user.name),
    ...(user.home === undefined ? {} : { home: `${user.home}.${nameOf(user.name)}` }),
  }))
  const userOf = (object: Parameters<typeof options.user>[0]) => checkUser(users.of(object))
  const placeOf = (object: Parameters<typeof options.user>[0]) => checkPlace(users.of(object))
  return defineBackend({
    ...policiesOf(options),
    name: options.name ?? 'unix-user',
    model: options.model,
    after: options.after ?? [],
    identity: (object) => users.of(object).name,
    save(script, object) {
      const user = userOf(object)
      refuseMissingShell(script, user)
      refuseSystemGroups(script, user.groups ?? [], allowed)
      ownGroups(script, user.groups ?? [], allowed)
      addAccount(script, user)
      setProperties(script, user)
      takeHomeBack(script, user.name, user.home)
      makeHome(script, user.name, user.home)
      if (user.groups !== undefined) setGroups(script, user.name, user.groups, allowed)
      if (user.passwordHash !== undefined) setPassword(script, user.name, user.passwordHash)
    },
    rename: (script, object, previous) => renameAccount(script, userOf(object), placeOf(previous)),
    park: users.park,
    delete(script, object) {
      const { name, home } = placeOf(object)
      remove(script, name, home, trash)
    },
    exists: (name) => exists(name),
    list: sh`${loginDefs('UID_MIN', 'UID_MAX')}
getent passwd | while IFS=: read -r name _ uid _; do if ((uid >= UID_MIN && uid <= UID_MAX)); then echo "$name"; fi; done`,
    read: (name) => sh`getent passwd ${name}
id -- ${name}
IFS=: read -r _ _ _ _ _ home _ < <(getent passwd ${name}) && stat --printf '%A %U:%G %y %n\n' -- "$home"`,
    prune(script, identity) {
      const name = checked('The name of an account', userName, identity)
      refuseSystemAccount(script, name)
      endProcesses(script, name)
      // Nothing tells where else a home of ours may be.
      moveHomeOf(script, name, `/home/${name}`)
      remove(script, name, `/home/${name}`, trash)
    },
    transfer: {
      dump: (object) => dumpHome(userOf(object)),
      restore: (object) => restoreHome(userOf(object)),
      verify: {
        original: (object) => digestHome(userOf(object).home, userOf(object).name),
        restored: (object) => digestHome(`${incomingPath(userOf(object).home)}/home`, userOf(object).name),
      },
      switch: (object) => switchHome(userOf(object)),
    },
  })
}

function remove(script: Script, name: string, home: string | null, trash: string | undefined): void {
  refuseSystemAccount(script, name)
  // No job of its crontab starts while its processes end.
  trashCrontab(script, name, trash)
  trashLeftovers(script, name, trash)
  endLingering(script, name)
  endProcesses(script, name)
  if (home !== null) {
    script.absent(incomingPath(home), { recursive: true })
    trashHome(script, name, home, trash)
  }
  removeAccount(script, name)
}
