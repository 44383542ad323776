import { type Command, type Script, sh } from 'orchestrajs'

/** Everything of ours that is named's configuration: sources and stanzas, one file each for a zone. */
const directory = '/etc/bind/orchestra'
/** The list of stanzas. named's own configuration includes this one file. */
const list = '/etc/bind/orchestra.conf'
const mainConfiguration = '/etc/bind/named.conf.local'
/** What a secondary received. named writes there itself. */
const receivedDirectory = '/var/cache/bind/orchestra'

export const sourcePath = (zone: string) => `${directory}/${zone}.source`
export const zonePath = (zone: string) => `${directory}/${zone}.zone`
export const stanzaPath = (zone: string) => `${directory}/${zone}.conf`
export const receivedPath = (zone: string) => `${receivedDirectory}/${zone}.zone`

const includeLine = `include "${list}";`

/** Makes named read our list. It is the only line of ours in a file that is not ours, and is added once. */
export function prepareServer(script: Script): void {
  script.own(list)
  script.directory(directory)
  script.directory(receivedDirectory, { owner: 'bind', group: 'bind' })
  script.run(sh`: >>${list}`, { unless: sh`[[ -e ${list} ]]` })
  script.run(sh`printf '\n%s\n' ${includeLine} >>${mainConfiguration}`, {
    unless: sh`[[ $'\n'$(<${mainConfiguration})$'\n' == *$'\n'${includeLine}$'\n'* ]]`,
  })
}

/** Lists the stanzas that are there now: named's include knows no wildcards. */
export function commitServer(script: Script): void {
  const current = sh`shopt -s nullglob; for stanza in ${directory}/*.conf; do printf 'include "%s";\n' "$stanza"; done`
  script.run(sh`(${current}) >${list}.new; mv -T -- ${list}.new ${list}`, {
    unless: sh`[[ $(<${list}) == "$(${current})" ]]`,
  })
}

/** One for all zones of a script: named reads its list again, and the zones whose files are newer. */
export function reloadServer(script: Script): void {
  script.reload('named', {
    command: sh`if systemctl is-active --quiet named; then rndc reload; else systemctl start named; fi`,
  })
}

/** The zones of one kind: primaries and secondaries share the directory. */
export function listZones(type: 'primary' | 'secondary'): Command {
  return sh`shopt -s nullglob
for file in ${directory}/*.conf; do
  file=\${file##*/}
  if [[ $(<${directory}/"$file") == *${`type ${type};`}* ]]; then printf '%s\n' "\${file%.conf}"; fi
done`
}
