import { type Command, type Script, sh } from 'orchestrajs'
import { libraryText } from './library.ts'

/** Everything of ours that is named's configuration: sources and stanzas, one file each for a zone. */
const directory = '/etc/bind/orchestra'
/** The list of stanzas. named's own configuration includes this one file. */
const list = '/etc/bind/orchestra.conf'
const mainConfiguration = '/etc/bind/named.conf.local'
/** As old as what named was last seen to serve. */
const servedPath = `${directory}/served`
/** What a secondary received. named writes there itself. */
const receivedDirectory = '/var/cache/bind/orchestra'

export const sourcePath = (zone: string) => `${directory}/${zone}.source`
export const zonePath = (zone: string) => `${directory}/${zone}.zone`
export const stanzaPath = (zone: string) => `${directory}/${zone}.conf`
export const receivedPath = (zone: string) => `${receivedDirectory}/${zone}.zone`

export const refusedPath = (zone: string) => `${directory}/${zone}.refused`

const libraryPath = `${directory}/library.sh`
/** One text wherever named reads a file of ours: the engine finds by it which one breaks the others. */
export const check: Command = sh`. ${libraryPath}; check`

/** Before a zone is served that was not: whose its name is. */
export function checkName(script: Script, zone: string): void {
  const apart = onServer(sh`apart ${zone}`)
  script.run(apart, { unless: apart })
}

/** A command that begins with a function of the library. */
export function onServer(command: Command): Command {
  return sh`. ${libraryPath}; ${command}`
}

const includeLine = `include "${list}";`

/** Makes named read our list. It is the only line of ours in a file that is not ours, and is added once. */
export function prepareServer(script: Script): void {
  script.own(list)
  script.directory(directory)
  script.directory(receivedDirectory, { owner: 'bind', group: 'bind' })
  script.file(libraryPath, libraryText(directory, list), { mode: '0644' })
  script.run(sh`: >>${servedPath}`, { unless: sh`[[ -e ${servedPath} ]]` })
  script.run(sh`: >>${list}`, { unless: sh`[[ -e ${list} ]]` })
  script.run(sh`printf '\n%s\n' ${includeLine} >>${mainConfiguration}`, {
    unless: sh`[[ $'\n'$(<${mainConfiguration})$'\n' == *$'\n'${includeLine}$'\n'* ]]`,
  })
}

/** Lists the stanzas that are there now. */
export function commitServer(script: Script): void {
  script.run(onServer(sh`write_list`), { unless: onServer(sh`[[ $(<${list}) == "$(list_zones)" ]]`) })
}

/** One for all zones of a script. A zone that named does not serve afterwards fails this once, and from then on itself alone. */
export function reloadServer(script: Script): void {
  script.reload('named', { command: onServer(sh`reload`) })
}

/** The zones of one kind: primaries and secondaries share the directory. */
export function listZones(type: 'primary' | 'secondary'): Command {
  return sh`shopt -s nullglob
for file in ${directory}/*.conf; do
  file=\${file##*/}
  if [[ $(<${directory}/"$file") == *${`type ${type};`}* ]]; then printf '%s\n' "\${file%.conf}"; fi
done`
}
