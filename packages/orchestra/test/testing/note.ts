import { z } from 'zod'
import {
  type Backend,
  type BackendOptions,
  defineBackend,
  defineModel,
  type ObjectOf,
  type Script,
  sh,
  text,
} from '../../src/index.ts'
import type { Fixture } from '../../src/testing/index.ts'

const schema = z.object({
  id: z.int(),
  name: z.string().regex(/^[^/\0]{1,100}$/),
  title: z.string().refine((title) => title.isWellFormed() && !title.includes('\0')),
  token: z.string(),
})

export const Note = defineModel({ name: 'note', table: 'note', schema, secrets: ['token'] })

export type NoteObject = ObjectOf<typeof schema, 'token'>

export const fixtures: readonly Fixture[] = [
  {
    name: 'shopping',
    object: { id: 1, name: 'shopping', title: 'What to buy', token: 'tok-1234567' },
    changed: { id: 1, name: 'shopping', title: 'What was bought', token: 'tok-7654321' },
    renamed: { id: 1, name: 'bought', title: 'What to buy', token: 'tok-1234567' },
  },
  { name: 'other', object: { id: 2, name: 'other', title: 'Another', token: 'tok-abcdefg' } },
]

/** A backend of files that does everything right, with every kind of step. */
export function notes(faults: Partial<BackendOptions<typeof schema, 'token'>> = {}): Backend {
  return defineBackend({
    name: 'notes',
    model: Note,
    identity: ({ name }) => name,
    prepare: (script) => script.directory('notes'),
    save: saveNote,
    delete: deleteNote,
    rename(script, { name }, previous) {
      script.run(sh`mv -T -- ${pathOf(previous.name)} ${pathOf(name)}`, {
        onlyIf: sh`[[ -e ${pathOf(previous.name)} && ! -e ${pathOf(name)} ]]`,
      })
      deleteNote(script, previous)
    },
    list: sh`find notes -mindepth 1 -maxdepth 1 -name '*.note' -printf '%f\n' | sed 's/\.note$//'`,
    read: (name) => sh`head -n 1 ${pathOf(name)}/title`,
    prune: (script, name) => {
      script.absent(pathOf(name), { recursive: true })
      script.absent(linkOf(name))
    },
    actions: { touch: (script, { name }) => script.run(sh`touch ${pathOf(name)}/touched`) },
    ...faults,
  })
}

export function pathOf(name: string): string {
  return `notes/${name}.note`
}

export function linkOf(name: string): string {
  return `notes/latest-${name}`
}

export function saveNote(script: Script, { name, title, token }: NoteObject): void {
  script.directory(pathOf(name), { mode: '0755' })
  script.file(`${pathOf(name)}/title`, `${title}\n`, {
    check: sh`[[ -e ${pathOf(name)}/title ]]`,
    mode: '0644',
  })
  script.file(`${pathOf(name)}/token`, text`token=${token}\n`)
  script.symlink(linkOf(name), `${name}.note/title`)
  script.absent(`${pathOf(name)}/draft`)
  const size = String(title.length)
  script.run(sh`echo ${size} >${pathOf(name)}/size`, {
    unless: sh`[[ $(<${pathOf(name)}/size) == ${size} ]]`,
  })
  script.reload('notes', { command: sh`true` })
}

export function deleteNote(script: Script, { name }: Pick<NoteObject, 'name'>): void {
  script.absent(linkOf(name))
  script.absent(pathOf(name), { recursive: true })
  script.reload('notes', { command: sh`true` })
}
