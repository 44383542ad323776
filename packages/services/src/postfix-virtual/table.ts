import { type Command, type Script, type Streamed, sh } from 'orchestrajs'
import { z } from 'zod'
import { absolutePath } from '../fields.ts'

/** A map of Postfix: a text, and beside it the database that is made of it. */
export interface Table {
  directory: string
  type: 'hash' | 'lmdb'
  name: string
}

/** Parameters of main.cf. */
export type Parameters = Readonly<Record<string, string>>

const id = z.int().min(1).max(4294967294)

export const settingsSchema = z.object({
  directory: absolutePath.default('/etc/postfix/orchestra'),
  type: z.enum(['hash', 'lmdb']).default('hash'),
  base: absolutePath.default('/var/mail/virtual'),
  owner: z.object({ uid: id, gid: id }).optional(),
  transport: z
    .string()
    .regex(/^[\w.:[\]/-]+$/, 'use a transport such as lmtp:unix:private/dovecot-lmtp')
    .optional(),
})

const extensions = { hash: 'db', lmdb: 'lmdb' } as const

/** The text, and the database when it is not of this text. Postfix never sees half a database: a whole one is renamed. */
export function writeTable(script: Script, table: Table, lines: Streamed): void {
  const { directory, type, name } = table
  const [text, building] = [`${directory}/${name}`, `${directory}/.building`]
  const live = `${text}.${extensions[type]}`
  const { source, ready } = placesIn(building, table)
  script.own(live)
  script.directory(directory, { mode: '0755' })
  script.directory(building, { mode: '0755' })
  const head = '# Written by Orchestra; changes made here are overwritten.\n'
  script.file(text, [head, lines], { mode: '0644', check: build(table, building) })
  script.run(
    sh`[[ ${source} -ef ${text} && ${ready} -nt ${text} ]] || ${build(table, building)}; mv -f -- ${ready} ${live}`,
    { unless: sh`[[ ${live} -nt ${text} ]]` },
  )
  // A Postfix that was stopped reads its maps when it starts.
  script.reload('postfix', { command: sh`systemctl reload-or-restart postfix` })
}

/** Where a database is made: `source` is the very text that `built` is made of, `ready` a database that is whole. */
function placesIn(building: string, { type, name }: Table) {
  const source = `${building}/${name}`
  const extension = extensions[type]
  return { source, built: `${source}.${extension}`, ready: `${source}.ready.${extension}` }
}

/** A line that is no entry, or an address that is there twice, is a mere warning to postmap. */
function build(table: Table, building: string): Command {
  const { directory, type, name } = table
  const { source, built, ready } = placesIn(building, table)
  const prepared = sh`rm -f -- ${built} ${ready}; ln -f -- ${`${directory}/${name}`} ${source}`
  const made = sh`said=$(postmap ${`${type}:${source}`} 2>&1) && [[ ! $said ]] && mv -f -- ${built} ${ready}`
  return sh`{ ${prepared}; ${made} || { printf '%s\n' "$said" >&2; exit 1; }; }`
}

/** Names the map in main.cf once it is there: a Postfix that cannot open one refuses all mail for now. */
export function useTable(script: Script, parameters: Parameters): void {
  const wanted = Object.entries(parameters).map(([name, value]) => `${name} = ${value}`)
  const names = Object.keys(parameters)
  // What somebody else has set there is for other mail of this server.
  for (const [name, value] of Object.entries(parameters))
    script.own(`${name} of main.cf`, {
      exists: sh`is=$(postconf -n ${name}) && [[ $is && $is != ${`${name} = ${value}`} ]]`,
    })
  script.run(sh`postconf -e ${wanted}; postfix check`, {
    unless: sh`[[ "$(postconf ${names})" == ${wanted.join('\n')} ]]`,
  })
  script.reload('postfix', { command: sh`systemctl reload-or-restart postfix` })
}
