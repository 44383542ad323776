import { type Command, type Script, type Streamed, sh } from 'orchestrajs'
import { z } from 'zod'
import { absolutePath } from '../fields.ts'
import { libraryText } from './library.ts'

/** A map of Postfix: a text, and beside it the database that is made of it. */
export interface Table {
  directory: string
  type: 'hash' | 'lmdb'
  name: string
}

/** Parameters of main.cf. */
export type Parameters = Readonly<Record<string, string>>

/** Parameters that are lists, which others may have their maps in too, and the names of ours in their order. */
export type Lists = Readonly<Record<string, readonly string[]>>

/** Postfix delivers as nobody below this (`virtual_minimum_uid`). */
const id = z.int().min(100).max(4294967294)

export const settingsSchema = z.object({
  directory: absolutePath.default('/etc/postfix/orchestra'),
  type: z.enum(['hash', 'lmdb']).default('hash'),
  base: absolutePath.default('/var/mail/virtual'),
  owner: z.strictObject({ uid: id, gid: id }).optional(),
  transport: z
    .string()
    .regex(/^[\w.:[\]/-]+$/, 'use a transport such as lmtp:unix:private/dovecot-lmtp')
    .optional(),
})

const extensions = { hash: 'db', lmdb: 'lmdb' } as const

/** The text, and the database when it is not of this text. Postfix never sees half a database: a whole one is renamed. */
export function writeTable(script: Script, { directory, type, name }: Table, lines: Streamed): void {
  const inLibrary = libraryOf(directory)
  script.own(`${directory}/${name}.${extensions[type]}`)
  const head = '# Written by Orchestra; changes made here are overwritten.\n'
  const check = inLibrary(sh`build ${[type, name]}`)
  script.file(`${directory}/${name}`, [head, lines], { mode: '0644', check })
  script.run(inLibrary(sh`publish ${[type, name]}`), { unless: inLibrary(sh`is_published ${[type, name]}`) })
  reload(script, directory)
}

export function prepareTables(script: Script, directory: string): void {
  script.directory(directory, { mode: '0755' })
  script.directory(`${directory}/.building`, { mode: '0755' })
  script.file(`${directory}/library.sh`, libraryText(directory), { mode: '0644' })
}

/** Names the maps in main.cf once they are there: a Postfix that cannot open one refuses all mail for now. */
export function useTables(script: Script, { directory, type }: Omit<Table, 'name'>, lists: Lists): void {
  const inLibrary = libraryOf(directory)
  for (const [parameter, names] of Object.entries(lists)) {
    const listed = sh`list=$(listed ${[parameter, type, ...names]})`
    script.run(inLibrary(sh`${listed}; postconf -e ${parameter}="$list"; postfix check`), {
      unless: inLibrary(sh`${listed}; [[ "$(items_of ${parameter})" == "$list" ]]`),
    })
  }
  reload(script, directory)
}

/** Says what is one for the whole host. */
export function set(script: Script, parameters: Parameters): void {
  const wanted = Object.entries(parameters).map(([name, value]) => `${name} = ${value}`)
  const names = Object.keys(parameters)
  // What somebody else has set there is for other mail of this server.
  for (const [name, value] of Object.entries(parameters))
    script.own(`${name} of main.cf`, {
      exists: sh`is=$(postconf -n ${name}) && [[ $is && $is != ${`${name} = ${value}`} ]]`,
    })
  script.run(sh`postconf -e ${wanted}; postfix check`, {
    unless: sh`[[ "$(postconf ${names} 2>/dev/null)" == ${wanted.join('\n')} ]]`,
  })
}

function libraryOf(directory: string): (command: Command) => Command {
  return (command) => sh`. ${`${directory}/library.sh`}; ${command}`
}

function reload(script: Script, directory: string): void {
  // A Postfix that was stopped reads its maps when it starts.
  script.reload('postfix', { command: libraryOf(directory)(sh`reload`) })
}
