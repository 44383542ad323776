import { type Command, type Script, sh } from 'orchestrajs'
import { ownDirectories, stateDirectory } from './places.ts'

/** What stands below this had an account of its name. */
const formerOf = (name: string) => `${stateDirectory}/former/${name}`
/** What was found of an account elsewhere than in its home, on its way to the trash. */
const leftOf = (name: string) => `${stateDirectory}/left/${name}`
const mailOf = (name: string) => `/var/mail/${name}`
const lingerOf = (name: string) => `/var/lib/systemd/linger/${name}`
const jobDirectories = ['/var/spool/cron/atjobs', '/var/spool/at']

/** After an account is gone, or given another name: who gets its name is somebody else. */
export function rememberName(name: string): Command {
  return sh`${ownDirectories(`${stateDirectory}/former`)}
: >${formerOf(name)}`
}

/** Its user manager ends, and does not start again with the next boot for whoever gets the name. */
export function endLingering(script: Script, name: string): void {
  script.run(
    sh`loginctl disable-linger ${name} 2>/dev/null || true
rm -f -- ${lingerOf(name)}`,
    { onlyIf: sh`[[ -e ${lingerOf(name)} ]]` },
  )
}

export function renameLingering(script: Script, from: string, to: string): void {
  script.run(sh`mv -fT -- ${lingerOf(from)} ${lingerOf(to)}`, { onlyIf: sh`[[ -e ${lingerOf(from)} ]]` })
}

/**
 * Mail that waits for it and jobs of at are its data, and open to whoever gets its name or number. A rename takes what is at a
 * name, whatever that is; they go to the trash from a place of root's own.
 */
export function trashLeftovers(script: Script, name: string, directory: string | undefined): void {
  const found = sh`jobs=()
for place in ${jobDirectories}; do
  if [[ -d $place ]]; then mapfile -t -d '' -O "\${#jobs[@]}" jobs < <(find "$place" -maxdepth 1 -type f -user ${name} -print0); fi
done
[[ -e ${mailOf(name)} || -L ${mailOf(name)} ]] || ((\${#jobs[@]}))`
  script.run(
    sh`${found}
${ownDirectories(leftOf(name))}
if [[ -e ${mailOf(name)} || -L ${mailOf(name)} ]]; then mv -T -- ${mailOf(name)} ${leftOf(name)}/mail; fi
if ((\${#jobs[@]})); then mv -t ${leftOf(name)} -- "\${jobs[@]}"; fi`,
    {
      onlyIf: sh`getent passwd ${name} >/dev/null
${found}`,
    },
  )
  script.trash(leftOf(name), {
    ...(directory !== undefined && { directory }),
    note: `mail and jobs of ${name}`,
    restore: sh`if [[ -e ${leftOf(name)}/mail && ! -e ${mailOf(name)} && ! -L ${mailOf(name)} ]]; then
  uid=$(stat -c %u -- ${leftOf(name)}/mail)
  find ${leftOf(name)}/mail -xdev -user "$uid" -execdir chown -h --from="$uid" -- ${name} {} +
  mv -nT -- ${leftOf(name)}/mail ${mailOf(name)}
fi`,
  })
}
