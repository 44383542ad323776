import { type Command, sh } from 'orchestrajs'

/** What stands before a word in the list that begins a rule: those whom it is for. */
const listed = '^[[:space:]]*([^][:space:],=#]+[[:space:]]*,[[:space:]]*)*'
/** The same where the list has a name of its own, by which rules go. */
const alias = '^[[:space:]]*User_Alias[[:space:]](.*[[:space:],=])?'

/** Sets `$rules` to the files in which sudo has rules for one of these words. */
function findRules(words: readonly string[]): Command {
  const any = `"?(${words.join('|')})"?([[:space:],:=]|$)`
  return sh`rules=$(grep -lsE -e ${`${listed}${any}`} -e ${`${alias}${any}`} /etc/sudoers /etc/sudoers.d/* | tr '\n' ' ') || true`
}

/**
 * sudo goes by names: what an administrator let somebody of this name do, here before us or meant for another, is not for whoever a
 * row gives the name to.
 */
export function refuseSudoer(name: string): Command {
  return sh`${findRules([name, `%${name}`])}
if [[ $rules ]]; then
  echo ${`sudo has rules for ${name}, which are not meant for a new account: remove them, and it can be made:`} "$rules" >&2
  exit 1
fi`
}

/** As for accounts: a group that is not there yet may have rules already. */
export function refuseSudoGroup(group: string): Command {
  return sh`${findRules([`%${group}`])}
if [[ $rules ]]; then
  echo ${`sudo has rules for the group ${group}: remove them, or say by allowGroups of the backend that rows may name it:`} "$rules" >&2
  exit 1
fi`
}
