import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Backend, isOrchestraError, raw, type Script, type Secret, secret, sh } from '../../src/index.ts'
import { type BackendCheckOptions, backendChecks, type CheckKind } from '../../src/testing/index.ts'
import { deleteNote, fixtures, linkOf, type NoteObject, notes, pathOf, saveNote } from './note.ts'

const [shopping] = fixtures

/** What the checks of one kind say about a backend of one note. */
async function verdicts(
  kind: CheckKind,
  backend: Backend,
  more: Partial<BackendCheckOptions> = {},
): Promise<string[]> {
  const checks = backendChecks({ backend, fixtures: shopping === undefined ? [] : [shopping], ...more })
  const said: string[] = []
  for (const check of checks.filter((one) => one.kind === kind)) {
    try {
      await check.run()
    } catch (error) {
      if (!isOrchestraError(error, 'ORC_BACKEND_CHECK')) throw error
      said.push(error.message)
    }
  }
  return said
}

/** The sound backend with something more in its save. */
function saving(more: (script: Script, note: NoteObject) => void): Backend {
  return notes({
    save: (script, object) => {
      saveNote(script, object)
      more(script, object)
    },
  })
}

/** The sound backend without what tells of its things, and with something else. */
function unlisted(faults: Parameters<typeof notes>[0]): Backend {
  const { list: _, read: __, prune: ___, rename: ____, ...rest } = notes(faults)
  return rest
}

describe('a fault is caught by the check that is about it', () => {
  const found: { fault: string; kind: CheckKind; backend: Backend; says: string }[] = [
    {
      fault: 'a command without a guard',
      kind: 'twice',
      backend: saving((script, { name }) => script.run(sh`touch ${pathOf(name)}/seen`)),
      says: "This command runs every time, give it `unless` or `onlyIf`: touch 'notes/shopping.note'/seen",
    },
    {
      fault: 'a `commit` that writes a file each time',
      kind: 'twice',
      backend: notes({ commit: (script) => script.run(sh`ls notes >all.new; mv all.new all`) }),
      says: 'commit changed something',
    },
    {
      fault: 'a delete that forgets something',
      kind: 'removal',
      backend: notes({
        delete: (script, { name }) => script.absent(pathOf(name), { recursive: true }),
      }),
      says: '/notes/latest-shopping: link',
    },
    {
      fault: 'a delete that cannot be done again',
      kind: 'removal',
      backend: notes({
        delete: (script, { name }) => script.run(sh`rm -r ${pathOf(name)} ${linkOf(name)}`),
      }),
      says: 'delete of notes failed on the sandbox',
    },
    {
      fault: 'a guard that looks at too little',
      kind: 'change',
      backend: notes({
        save: (script, { name, title }) =>
          script.run(sh`mkdir -p ${pathOf(name)}; echo ${title} >${pathOf(name)}/title`, {
            unless: sh`[[ -e ${pathOf(name)}/title ]]`,
          }),
      }),
      says: 'Saved with other values, nothing changed',
    },
    {
      fault: 'a rename that leaves the old',
      kind: 'rename',
      backend: notes({ rename: () => undefined }),
      says: '/notes/shopping.note: directory',
    },
    {
      fault: 'a rename that cannot be done again',
      kind: 'rename',
      backend: notes({
        rename: (script, { name }, previous) => {
          script.run(sh`mv -T ${pathOf(previous.name)} ${pathOf(name)}`)
          deleteNote(script, previous)
        },
      }),
      says: 'rename of notes failed on the sandbox',
    },
    {
      fault: 'a list of other names',
      kind: 'found',
      backend: notes({ list: sh`find notes -name '*.note' -printf '%f\n'` }),
      says: '`list` names shopping not at all; it names shopping.note',
    },
    {
      fault: 'a prune that forgets something',
      kind: 'found',
      backend: notes({ prune: (script, name) => script.absent(pathOf(name), { recursive: true }) }),
      says: '/notes/latest-shopping: link',
    },
    {
      fault: 'a value without quotes',
      kind: 'hostile',
      backend: saving((script, { name, title }) =>
        script.run(sh`echo ${raw(title)} >${pathOf(name)}/more`, {
          unless: sh`[[ -e ${pathOf(name)}/more ]]`,
        }),
      ),
      says: 'text was run as a command, it made ',
    },
    {
      fault: 'a value that is evaluated a second time',
      kind: 'hostile',
      backend: saving((script, { name, title }) =>
        script.run(sh`eval "echo ${title}" >${pathOf(name)}/more || true`, {
          unless: sh`[[ -e ${pathOf(name)}/more ]]`,
        }),
      ),
      says: 'text was run as a command',
    },
    {
      fault: 'a secret that left unseen',
      kind: 'secrets',
      backend: saving((script, { name, token }) => script.file(`${pathOf(name)}/copy`, smuggled(token))),
      says: 'shopping.save shows the secret note.token',
    },
    {
      fault: 'an encoded secret',
      kind: 'secrets',
      backend: saving((script, { token }) =>
        script.run(sh`true ${Buffer.from(`user:${smuggled(token)}`).toString('base64')}`),
      ),
      says: 'shows the secret note.token',
    },
    {
      fault: 'shell that splits words',
      kind: 'shellcheck',
      backend: saving((script) => script.run(sh`for note in $(ls notes); do rm $note; done`)),
      says: 'shopping.save, a command: SC2086',
    },
    {
      fault: 'a command that makes something of which nothing speaks',
      kind: 'foreign',
      backend: unlisted({
        save: (script, { name }) =>
          script.run(sh`mkdir ${pathOf(name)}`, { unless: sh`[[ -d ${pathOf(name)} ]]` }),
        delete: (script, { name }) => script.run(sh`rm -rf ${pathOf(name)}`),
      }),
      says: 'Saved although it is there and not ours: save ended as ok',
    },
    {
      fault: 'an `exists` that never finds anything',
      kind: 'foreign',
      backend: unlisted({
        exists: () => sh`false`,
        save: (script, { name }) =>
          script.run(sh`mkdir ${pathOf(name)}`, { unless: sh`[[ -d ${pathOf(name)} ]]` }),
        delete: (script, { name }) => script.run(sh`rm -rf ${pathOf(name)}`),
      }),
      says: 'Saved although it is there and not ours: save ended as ok',
    },
    {
      fault: 'a guard that changes something',
      kind: 'truth',
      backend: saving((script) => script.run(sh`true`, { unless: sh`touch looked` })),
      says: 'A check changed something:',
    },
    {
      fault: 'a command that cannot be checked',
      kind: 'truth',
      backend: saving((script) => script.run(sh`true`)),
      says: 'runs every time: give it `unless`',
    },
    {
      fault: 'a guard that takes a trace for the thing',
      kind: 'truth',
      backend: notes({
        save: (script, { name }) =>
          script.run(sh`touch ${pathOf(name)} done-${name}`, { unless: sh`[[ -e done-${name} ]]` }),
        delete: (script, { name }) => script.absent(pathOf(name)),
      }),
      says: 'After it was deleted, a check still says that it is as it should be',
    },
  ]

  test.each(found)('$fault: $kind', async ({ kind, backend, says }) => {
    expect((await verdicts(kind, backend)).join('\n')).toContain(says)
    expect(await verdicts(kind, notes())).toEqual([])
  })

  test('a secret that is too short to be looked for', async () => {
    const object = { id: 1, name: 'short', title: 'Short', token: 'abc' }
    const said = await verdicts('secrets', notes(), { fixtures: [{ name: 'short', object }] })
    expect(said).toEqual([expect.stringContaining('too short to be looked for')])
  })

  test('an object that does not fit its schema', async () => {
    const said = await verdicts('twice', notes(), { fixtures: [], objects: [{ id: 'one' }] })
    expect(said[0]).toContain('note:object 1 does not fit its schema: id: ')
  })

  test('a secret as it would reach a golden file', async () => {
    const golden = temporaryDirectory()
    const backend = saving((script, { name, token }) => script.file(`${pathOf(name)}/copy`, smuggled(token)))
    expect((await verdicts('golden', backend, { golden })).join()).toContain('shows the secret note.token')
    expect(readdirSync(golden)).toEqual([])
  })
})

/** Out of the function that makes another secret of it, where Orchestra cannot know what becomes of it. */
function smuggled(token: Secret): string {
  let out = ''
  token.map((value) => {
    out = value
    return value
  })
  return out
}

const directories: string[] = []

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-golden-'))
  directories.push(directory)
  return directory
}

afterEach(() => {
  vi.unstubAllEnvs()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

describe('golden scripts', () => {
  test('are written at first, and hold no secret', async () => {
    vi.stubEnv('CI', '')
    const golden = temporaryDirectory()
    expect(await verdicts('golden', notes(), { golden })).toEqual([])
    expect(readdirSync(golden).sort()).toEqual(
      ['delete', 'rename', 'save-changed', 'save', 'touch'].map((what) => `shopping.${what}.sh`),
    )
    const save = readFileSync(join(golden, 'shopping.save.sh'), 'utf8')
    expect(save).toContain('What to buy')
    expect(save).toContain('«secret:note.token»')
    expect(save).not.toContain('tok-')
    expect(await verdicts('golden', notes(), { golden })).toEqual([])
  })

  test('tell what changed, and take it over when asked', async () => {
    vi.stubEnv('CI', '')
    const golden = temporaryDirectory()
    await verdicts('golden', notes(), { golden })
    const changed = saving((script) => script.absent('notes/old'))
    const [said] = await verdicts('golden', changed, { golden })
    expect(said).toContain('+o_absent ./notes/old')
    expect(said).toContain('UPDATE_GOLDEN=1')
    vi.stubEnv('UPDATE_GOLDEN', '1')
    expect(await verdicts('golden', changed, { golden })).toEqual([])
    vi.stubEnv('UPDATE_GOLDEN', '')
    expect(await verdicts('golden', changed, { golden })).toEqual([])
  })

  test('that are missing fail in CI', async () => {
    vi.stubEnv('CI', 'true')
    const golden = temporaryDirectory()
    expect((await verdicts('golden', notes(), { golden })).join()).toContain('There is no ')
    expect(readdirSync(golden)).toEqual([])
  })

  test('that were edited are told', async () => {
    const golden = temporaryDirectory()
    vi.stubEnv('UPDATE_GOLDEN', '1')
    await verdicts('golden', notes(), { golden })
    vi.stubEnv('UPDATE_GOLDEN', '')
    writeFileSync(join(golden, 'shopping.delete.sh'), 'edited\n')
    expect((await verdicts('golden', notes(), { golden })).join()).toContain('-edited')
  })
})

test('a secret given to the command line of the masked script is no leak', async () => {
  const backend = saving((script) =>
    script.run(sh`true ${secret('another-secret', 'other')}`, { unless: sh`true` }),
  )
  expect(await verdicts('secrets', backend)).toEqual([])
})
