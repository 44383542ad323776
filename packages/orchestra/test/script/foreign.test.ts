import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Backend, type BackendOptions, defineBackend, defineModel } from '../../src/index.ts'
import { type Owning, ownershipOf, sharedOf } from '../../src/recording/ownership.ts'
import { joinRecordings, recordRenames } from '../../src/recording/renaming.ts'
import { record, recordOperation, renderScript, type ScriptOperation, sh } from '../../src/script/index.ts'
import { markOf } from '../../src/script/inspect.ts'
import { machine, type ScriptRun } from './harness.ts'

const thing = defineModel({ name: 'thing', table: 'thing', schema: z.object({ id: z.string() }) })
type Thing = { id: string }
type Options = Partial<BackendOptions<typeof thing.schema, never>>

const files = (options: Options = {}): Backend =>
  defineBackend({
    name: 'files',
    model: thing,
    identity: ({ id }) => id,
    prepare: (script) => script.directory('things'),
    save: (script, { id }) => script.file(`things/${id}`, `of ${id}\n`),
    delete: (script, { id }) => script.absent(`things/${id}`),
    ...options,
  })

/** A save, a deletion, or a rename from what is behind the arrow. */
type Wanted = `${'save' | 'delete'} ${string}`

function server() {
  const host = machine()
  const at = (...names: string[]) => join(host.directory, ...names)
  const run = (backend: Backend, ...wanted: Wanted[]): Promise<ScriptRun> =>
    runOperations(
      backend,
      wanted.map((text, index) => operationOf(backend, text, index)),
    )
  const runOperations = async (
    backend: Backend,
    operations: ScriptOperation[],
    patience?: number,
  ): Promise<ScriptRun> => {
    const runId = randomUUID()
    const { prepare, commit, list, exists, interpreter, name } = backend
    const hooks = {
      ...(prepare && { prepare: record('prepare', prepare) }),
      ...(commit && { commit: record('commit', commit) }),
    }
    const rendered = renderScript({
      runId,
      backend: name,
      server: 'one',
      fence: 1,
      operations,
      ...hooks,
      ...(interpreter && { interpreter }),
      ...(patience !== undefined && { patience }),
      ...(list && !exists && { list: list.rendered }),
      shared: sharedOf([hooks.prepare, hooks.commit]),
    })
    return host.runText(rendered.text, runId, rendered.token)
  }
  const forget = () => rmSync(join(host.state, 'owned'), { recursive: true, force: true })
  return { ...host, at, run, runOperations, forget }
}

function operationOf(backend: Backend, text: string, index: number): ScriptOperation {
  const [action = '', id = '', , before] = text.split(' ')
  const object: Thing = { id }
  const lasting = recordOperation(backend, action, object as never)
  const previous = before === undefined ? [] : [{ identity: before, object: { id: before } }]
  const renames = recordRenames(
    backend,
    object,
    previous.map((one) => one.object),
    'rename',
  )
  const recording = joinRecordings([...renames, lasting])
  const owning: Owning = {
    backend,
    action,
    current: { identity: id, object },
    recording,
    lasting,
    previous,
    unmarked: [],
  }
  return { index, label: text, action, recording, ownership: () => ownershipOf(owning) }
}

function operationAs(
  backend: Backend,
  action: string,
  id: string,
  identity: string,
  index = id.charCodeAt(0),
) {
  const object: Thing = { id }
  const recording = recordOperation(backend, action, object as never)
  const current = { identity, object }
  const owning: Owning = {
    backend,
    action,
    current,
    recording,
    lasting: recording,
    previous: [],
    unmarked: [],
  }
  return { index, label: `${action} ${id}`, action, recording, ownership: () => ownershipOf(owning) }
}

test('a file that somebody else made is neither changed nor removed', async () => {
  const host = server()
  mkdirSync(host.at('things'))
  writeFileSync(host.at('things', 'a'), 'of somebody\n')
  const saved = await host.run(files(), 'save a', 'save b')
  expect(saved.outcomes()).toEqual(['failed 1 foreign unchanged', 'ok changed'])
  expect(saved.results.find(({ index }) => index === 0)?.subject).toBe(host.at('things', 'a'))
  expect((await host.run(files(), 'delete a')).outcomes()).toEqual(['failed 1 foreign unchanged'])
  expect((await host.run(files(), 'save a <- b')).outcomes()).toEqual(['failed 1 foreign unchanged'])
  expect(readFileSync(host.at('things', 'a'), 'utf8')).toBe('of somebody\n')
  expect(readFileSync(host.at('things', 'b'), 'utf8')).toBe('of b\n')
})

test('ours is changed and removed', async () => {
  const host = server()
  for (const wanted of [
    'save a',
    'save a',
    'delete a',
    'delete a',
    'save a',
    'save b <- a',
    'delete b',
  ] as const)
    expect((await host.run(files(), wanted)).outcomes()[0], wanted).toContain('ok ')
  expect(readdirSync(host.at('things'))).toEqual([])
  expect(readdirSync(join(host.state, 'owned', 'files'))).toEqual(['shared'])
})

test('nothing of an operation happens when its last step meets what is not ours', async () => {
  const host = server()
  mkdirSync(host.at('things'))
  writeFileSync(host.at('things', 'a'), 'of somebody\n')
  const backend = files({
    save: (script, { id }) => {
      script.run(sh`echo ran >>ran`)
      script.directory(`made-${id}`)
      script.symlink(`things/link-${id}`, 'x')
      script.absent('leftover')
      script.file(`things/${id}`, 'ours\n')
    },
  })
  writeFileSync(host.at('leftover'), 'of somebody\n')
  const { results } = await host.run(backend, 'save a', 'save b')
  // What the one operation removes is not ours either.
  expect(results.filter(({ index }) => typeof index === 'number').map(({ subject }) => subject)).toEqual([
    host.at('leftover'),
    host.at('leftover'),
  ])
  expect(readdirSync(host.directory).sort()).toEqual(['leftover', 'state', 'things'])
  rmSync(host.at('leftover'))
  expect((await host.run(backend, 'save a', 'save b')).outcomes()).toEqual([
    'failed 1 foreign unchanged',
    'ok changed',
  ])
  expect(readFileSync(host.at('ran'), 'utf8')).toBe('ran\n')
})

test('what commands make is asked for by name, by the list, or by the backend', async () => {
  const made: Options = {
    save: (script, { id }) => script.run(sh`echo ours >things/${id}`, { unless: sh`[[ -e things/${id} ]]` }),
    delete: (script, { id }) => script.run(sh`rm -f things/${id}`),
  }
  const ways: Options[] = [
    { ...made, list: sh`ls things` },
    { ...made, exists: (id) => sh`[[ -e things/${id} ]]` },
    {
      ...made,
      save: (script, { id }) => {
        script.own(`thing ${id}`, { exists: sh`[[ -e things/${id} ]]` })
        script.run(sh`echo ours >things/${id}`, { unless: sh`[[ -e things/${id} ]]` })
      },
    },
    {
      ...made,
      save: (script, { id }) => {
        script.own(`things/${id}`)
        script.run(sh`echo ours >things/${id}`, { unless: sh`[[ -e things/${id} ]]` })
      },
    },
  ]
  for (const way of ways) {
    const host = server()
    mkdirSync(host.at('things'))
    writeFileSync(host.at('things', 'a'), 'of somebody\n')
    const backend = files(way)
    for (const wanted of ['save a', 'delete a', 'save b <- a'] as const)
      expect((await host.run(backend, wanted)).outcomes(), wanted).toEqual(['failed 1 foreign unchanged'])
    for (const wanted of ['save c', 'save c', 'delete c'] as const)
      expect((await host.run(backend, wanted)).outcomes()[0], wanted).toContain('ok ')
    expect(readdirSync(host.at('things'))).toEqual(['a'])
    expect(readFileSync(host.at('things', 'a'), 'utf8')).toBe('of somebody\n')
  }
})

test('where a list fails, nobody knows whose it is: what is not marked is not touched', async () => {
  const host = server()
  const lists = files({ list: sh`ls things` })
  await host.run(lists, 'save a')
  const fails = files({ list: sh`echo broken >&2; ls things; exit 4` })
  const result = await host.run(fails, 'save a', 'save b')
  expect(result.outcomes()).toEqual(['ok unchanged', 'failed 4 step unchanged'])
  expect(result.outputOf(1)).toContain('could not be listed')
  const cannot = files({ exists: () => sh`no-such-command` })
  expect((await host.run(cannot, 'save a', 'save b')).outcomes()).toEqual([
    'ok unchanged',
    'failed 127 step unchanged',
  ])
  expect(readdirSync(host.at('things'))).toEqual(['a'])
})

test('a directory that somebody made is shared as it is, and stays', async () => {
  const host = server()
  mkdirSync(host.at('things', 'a'), { recursive: true })
  chmodSync(host.at('things', 'a'), 0o755)
  const directory = (mode?: string) =>
    files({
      save: (script, { id }) => {
        script.directory(`things/${id}`, mode === undefined ? {} : { mode })
        script.file(`things/${id}/file`, 'ours\n')
      },
      delete: (script, { id }) => script.absent(`things/${id}/file`),
    })
  expect((await host.run(directory(), 'save a')).outcomes()).toEqual(['ok changed'])
  expect((await host.run(directory('0755'), 'save a')).outcomes()).toEqual(['ok unchanged'])
  expect((await host.run(directory('0700'), 'save a')).outcomes()).toEqual(['failed 1 foreign unchanged'])
  // One that we made is changed.
  expect((await host.run(directory('0755'), 'save b')).outcomes()).toEqual(['ok changed'])
  expect((await host.run(directory('0700'), 'save b')).outcomes()).toEqual(['ok changed'])
  expect(statSync(host.at('things', 'b')).mode & 0o777).toBe(0o700)
  // What somebody puts into it is not ours.
  writeFileSync(host.at('things', 'b', 'other'), 'of somebody\n')
  const more = files({
    save: (script, { id }) => script.file(`things/${id}/other`, 'ours\n'),
  })
  expect((await host.run(more, 'save b')).outcomes()).toEqual(['failed 1 foreign unchanged'])
})

test('a new path of what is ours is asked for', async () => {
  const host = server()
  const at = (place: string) =>
    files({
      save: (script, { id }) => script.file(`${place}-${id}`, 'ours\n'),
      delete: (script, { id }) => script.absent(`${place}-${id}`),
    })
  await host.run(at('first'), 'save a')
  writeFileSync(host.at('second-a'), 'of somebody\n')
  expect((await host.run(at('second'), 'save a')).outcomes()).toEqual(['failed 1 foreign unchanged'])
  expect((await host.run(at('third'), 'save a')).outcomes()).toEqual(['ok changed'])
  expect((await host.run(at('first'), 'save a')).outcomes()).toEqual(['ok unchanged'])
  expect(readFileSync(host.at('second-a'), 'utf8')).toBe('of somebody\n')
})

test('what another object or backend of ours made is no stranger', async () => {
  const host = server()
  const same = (name: string) =>
    files({ name, save: (script) => script.file('same', `of ${name}\n`), delete: () => undefined })
  expect((await host.run(same('one'), 'save a', 'save b')).outcomes()).toEqual(['ok changed', 'ok unchanged'])
  expect((await host.run(same('two'), 'save c')).outcomes()).toEqual(['ok changed'])
  expect(readFileSync(host.at('same'), 'utf8')).toBe('of two\n')
})

test('of two objects that go by one name, the one that stays is still ours', async () => {
  const host = server()
  const named = files({ identity: () => 'both' })
  const both = (id: string, action: 'save' | 'delete') => operationAs(named, action, id, 'both')
  await host.runOperations(named, [both('a', 'save'), both('b', 'save')])
  expect((await host.runOperations(named, [both('a', 'delete')])).outcomes()).toEqual(['ok changed'])
  expect((await host.runOperations(named, [both('b', 'save')])).outcomes()).toEqual(['ok unchanged'])
  expect((await host.runOperations(named, [both('b', 'delete')])).outcomes()).toEqual(['ok changed'])
  expect(readdirSync(host.at('things'))).toEqual([])
})

test("what failed before it made anything is nobody's", async () => {
  const host = server()
  mkdirSync(host.at('things'))
  const checked = files({
    save: (script, { id }) => script.file(`things/${id}`, 'ours\n', { check: sh`false` }),
  })
  expect((await host.run(checked, 'save a')).outcomes()).toEqual(['failed 1 before unchanged'])
  writeFileSync(host.at('things', 'a'), 'of somebody\n')
  expect((await host.run(files(), 'save a')).outcomes()).toEqual(['failed 1 foreign unchanged'])
  // A command that failed may have made something.
  const broken = files({ save: (script, { id }) => script.run(sh`echo half >things/${id}; exit 1`) })
  expect((await host.run(broken, 'save b')).outcomes()).toEqual(['failed 1 step unchanged'])
  expect((await host.run(files(), 'save b')).outcomes()).toEqual(['ok changed'])
})

test('what all objects share is asked for before anything runs', async () => {
  for (const part of ['prepare', 'commit'] as const) {
    const host = server()
    writeFileSync(host.at('config'), 'of somebody\n')
    const backend = files({
      prepare: (script) => {
        script.directory('things')
        if (part === 'prepare') script.file('config', 'ours\n')
      },
      ...(part === 'commit' && { commit: (script) => script.file('config', 'ours\n') }),
    })
    const result = await host.run(backend, 'save a')
    expect(result.outcomes()).toEqual(['failed 1 foreign unchanged'])
    expect(result.results.find(({ index }) => index === 0)?.subject).toBe(host.at('config'))
    expect(readdirSync(host.directory).sort()).toEqual(['config', 'state'])
    rmSync(host.at('config'))
    expect((await host.run(backend, 'save a')).outcomes()).toEqual(['ok changed'])
    expect((await host.run(backend, 'save a')).outcomes()).toEqual(['ok unchanged'])
    host.forget()
    expect((await host.run(backend, 'save a')).outcomes()).toEqual(['failed 1 foreign unchanged'])
  }
})

test('a program of another language runs without what is not ours', async () => {
  const host = server()
  const program = (): Backend => {
    const { prepare: _, ...rest } = files({
      interpreter: ['bash', '-s'],
      save: (script, { id }) => script.write(`echo ours >${id}`),
      delete: (script, { id }) => script.write(`rm -f ${id}`),
      exists: (id) => sh`[[ -e ${id} ]]`,
    })
    return rest
  }
  writeFileSync(host.at('a'), 'of somebody\n')
  expect((await host.run(program(), 'save a', 'save b')).outcomes()).toEqual([
    'failed 1 foreign unchanged',
    'ok changed',
  ])
  expect((await host.run(program(), 'delete a', 'delete b', 'delete c')).outcomes()).toEqual([
    'failed 1 foreign unchanged',
    'ok changed',
    'ok unchanged',
  ])
  expect(readFileSync(host.at('a'), 'utf8')).toBe('of somebody\n')
})

test('what was shared outlives the object that needed it first', async () => {
  const host = server()
  const group = files({
    save: (script, { id }) => {
      script.own('group clients', { exists: sh`[[ -e group ]]`, shared: true })
      script.run(sh`touch group`, { unless: sh`[[ -e group ]]` })
      script.file(`things/${id}`, 'ours\n')
    },
  })
  await host.run(group, 'save a')
  await host.run(group, 'delete a')
  expect((await host.run(group, 'save b')).outcomes()).toEqual(['ok changed'])
  host.forget()
  expect((await host.run(group, 'save c')).outcomes()).toEqual(['failed 1 foreign unchanged'])
})

test('a mark of an older release owns what its object names', async () => {
  const host = server()
  mkdirSync(host.at('things'))
  mkdirSync(join(host.state, 'owned', 'files'), { recursive: true })
  for (const id of ['a', 'b']) {
    writeFileSync(host.at('things', id), 'from before\n')
    writeFileSync(join(host.state, 'owned', 'files', markOf(id)), `${id}\n`)
  }
  expect((await host.run(files(), 'save a', 'save b')).outcomes()).toEqual(['ok changed', 'ok changed'])
  expect((await host.run(files(), 'delete a', 'save c <- b')).outcomes()).toEqual([
    'ok changed',
    'ok changed',
  ])
  expect(readdirSync(host.at('things'))).toEqual(['c'])
})

test('names of any kind are told whole', async () => {
  const host = server()
  mkdirSync(host.at('things'))
  const names = ["it's 100% \n$(touch ran) ä", '*', 'a b', ']"', '-rf']
  for (const name of names) writeFileSync(host.at('things', name), 'of somebody\n')
  const { results } = await host.runOperations(
    files(),
    names.map((name, index) => operationAs(files(), 'save', name, name, index)),
  )
  const told = results.filter(({ index }) => typeof index === 'number').map(({ subject }) => subject)
  expect(told.sort()).toEqual(names.map((name) => host.at('things', name)).sort())
  expect(readdirSync(host.directory).sort()).toEqual(['state', 'things'])
})

test('a list that hangs is asked once, and fails what needs it and nothing else', async () => {
  const host = server()
  const made = files({ save: (script, { id }) => script.run(sh`touch things/${id}`) })
  await host.run({ ...made, list: sh`true` }, 'save old')
  // What it started keeps its output open.
  const hangs = { ...made, list: sh`echo new; echo asked >>asked; sleep 600 & sleep 600` }
  const operations = ['old', 'new', 'newer'].map((id, index) => operationOf(hangs, `save ${id}`, index))
  const result = await host.runOperations(hangs, operations, 0.5)
  expect(result.finished).toBe(true)
  expect(result.outcomes()).toEqual(['ok changed', 'failed 124 step unchanged', 'failed 124 step unchanged'])
  expect(result.outputOf(1)).toContain('The list did not end within 0.5 s')
  expect(result.outputOf(2)).toContain('could not be listed')
  expect(readFileSync(host.at('asked'), 'utf8')).toBe('asked\n')
  expect(readdirSync(join(host.state, 'runs')).filter((name) => name.endsWith('.listed'))).toEqual([])
})

test('a question that hangs says of nobody else that there is nothing', async () => {
  const host = server()
  mkdirSync(host.at('things'))
  const isThere = sh`[[ -e asked ]] || { echo >asked; sleep 600; }`
  const backend = files({
    save: (script, { id }) => {
      script.run(sh`touch things/${id}`)
      script.own('role site', { exists: isThere })
    },
  })
  const operations = ['a', 'b'].map((id, index) => operationOf(backend, `save ${id}`, index))
  const result = await host.runOperations(backend, operations, 0.5)
  expect(result.outcomes()).toEqual(['failed 124 step unchanged', 'failed 1 foreign unchanged'])
  expect(readdirSync(host.at('things'))).toEqual([])
})
