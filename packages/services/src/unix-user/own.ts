import { type Script, sh } from 'orchestrajs'

/**
 * Whoever is put in a group may do what somebody else gave it: only groups that we made are ours to give, and those that the provider
 * names. They stay when the account goes, and stay ours.
 */
export function ownGroups(script: Script, groups: readonly string[], allowed: readonly string[]): void {
  for (const group of groups)
    if (!allowed.includes(group))
      script.own(`group ${group}`, { exists: sh`getent group ${group} >/dev/null`, shared: true })
}
