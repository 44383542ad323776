import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type Backend, defineBackend, defineModel, sh } from '../../src/index.ts'
import {
  backendChecks,
  bootstrapCommand,
  compareTrees,
  describeBackend,
  type HostRun,
  type HostScript,
  runOn,
  runOperations,
  sandboxHost,
  sshHost,
  type TestHost,
  treeOf,
} from '../../src/testing/index.ts'
import { describeSshd, startSshd } from '../support/sshd.ts'
import { fixtures, notes } from './note.ts'

const directories: string[] = []

function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'orchestra-host-')))
  directories.push(directory)
  return directory
}

afterEach(() => {
  vi.unstubAllEnvs()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

async function runAll(checks: ReturnType<typeof backendChecks>): Promise<string[]> {
  const ran: string[] = []
  for (const { name, kind, skip, run } of checks) {
    if (skip !== undefined || kind === 'hostile') continue
    await run()
    ran.push(name)
  }
  return ran
}

/** A host as an author may write one: anything that takes a script on stdin. */
class OwnHost implements TestHost {
  readonly name = 'my own host'
  readonly directory = temporaryDirectory()
  readonly watched = [this.directory]
  closed = 0

  async run({ runId, text }: HostScript): Promise<HostRun> {
    const [program = '', ...words] = bootstrapCommand(runId, this.directory)
    const child = spawn(program, words, { stdio: 'pipe' })
    const streams = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (bytes: Buffer) => streams[name].push(bytes))
    child.stdin.end(text)
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
    return { code, stdout: Buffer.concat(streams.stdout), stderr: Buffer.concat(streams.stderr) }
  }

  async close(): Promise<void> {
    this.closed += 1
  }
}

test('a host of an author’s own is used for all checks, and left as it was', async () => {
  const host = new OwnHost()
  await runOn(host, 'mkdir notes')
  const before = await treeOf(host)
  const ran = await runAll(backendChecks({ backend: notes(), fixtures, host, except: ['truth'] }))
  expect(ran).toContain('shopping: deleted, the host is as it was')
  expect(compareTrees(before, await treeOf(host))).toEqual([])
  expect(host.closed).toBe(0)
})

test('hosts that a function makes are closed, each after its check', async () => {
  const hosts: OwnHost[] = []
  const host = () => {
    const made = new OwnHost()
    hosts.push(made)
    return made
  }
  const checks = backendChecks({ backend: notes(), fixtures, host, except: ['hostile', 'truth', 'rename'] })
  await runAll(checks)
  expect(hosts.length).toBeGreaterThan(5)
  expect(hosts.every(({ closed }) => closed === 1)).toBe(true)
})

test('a sandbox is home and directory of its scripts, and is gone once it is closed', async () => {
  const host = await sandboxHost()
  expect(await runOn(host, 'pwd; echo "$HOME"')).toBe(`${host.directory}\n${host.directory}\n`)
  await expect(runOn(host, 'echo said; echo why >&2; false')).rejects.toThrow(/ended with 1[\s\S]*said\nwhy/)
  await host.close()
  expect(existsSync(host.directory)).toBe(false)
})

describeSshd('a machine by SSH', () => {
  test('is a host like any other', async () => {
    const sshd = await startSshd()
    try {
      const directory = temporaryDirectory()
      const { host, port, hostKey, identityFile, user } = await sshd.target()
      const options = {
        host,
        port,
        user,
        hostKey: hostKey ?? '',
        identityFile: identityFile ?? '',
        watched: [directory],
      }
      const Thing = defineModel({
        name: 'thing',
        table: 'thing',
        schema: z.object({ id: z.int(), text: z.string() }),
      })
      const things = defineBackend({
        name: 'kit-things',
        model: Thing,
        save: (script, { id, text }) => script.file(`${directory}/${id}`, text),
        delete: (script, { id }) => script.absent(`${directory}/${id}`),
      })
      const ran = await runAll(
        backendChecks({ backend: things, objects: [{ id: 1, text: 'one' }], host: () => sshHost(options) }),
      )
      expect(ran).toContain('object 1: a check tells the truth')
      const wrong = sshHost({ ...options, hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA' })
      await expect(runOn(wrong, 'true')).rejects.toThrow(/did not come to its end/)
      await wrong.close()
    } finally {
      await sshd.stop()
    }
  })
})

test('trees tell every difference that a file system can have', async () => {
  const host = await sandboxHost()
  try {
    await runOn(
      host,
      `printf x >file; mkdir dir; ln -s file link; printf y >$'odd\\nname '; touch -d 2020-01-01 old; mkfifo pipe`,
    )
    const before = await treeOf(host)
    await runOn(
      host,
      `printf z >file; chmod 700 dir; ln -sfT dir link; rm $'odd\\nname '; touch old; rm pipe; mkdir pipe; printf n >new`,
    )
    const after = await treeOf(host)
    const paths = (lines: string[]) =>
      lines.map((line) => `${line[0]} ${line.slice(3 + host.directory.length, line.indexOf(': '))}`)
    expect(paths(compareTrees(before, after))).toEqual([
      '- dir',
      '+ dir',
      '- file',
      '+ file',
      '- link',
      '+ link',
      '+ new',
      '- odd\nname ',
      '- pipe',
      '+ pipe',
    ])
    expect(
      paths(compareTrees(before, after, { times: true, except: [/^.*\/(file|link|new|pipe|odd[\s\S]*)$/] })),
    ).toEqual(['~ ', '- dir', '+ dir', '~ old'])
  } finally {
    await host.close()
  }
})

test('operations can be run for tests of an author’s own', async () => {
  const host = await sandboxHost()
  try {
    const [object, changed, renamed] = [
      fixtures[0]?.object ?? {},
      fixtures[0]?.changed ?? {},
      fixtures[0]?.renamed ?? {},
    ]
    const first = await runOperations(host, notes(), [{ action: 'save', object }])
    expect(first).toMatchObject({
      outcomes: [{ label: 'save', status: 'ok', change: 'changed' }],
      reloads: ['reload notes'],
    })
    expect(first.script).not.toContain('tok-')
    await runOperations(host, notes(), [
      { action: 'save', object: changed },
      { action: 'touch', object },
    ])
    expect(await runOn(host, 'cat notes/shopping.note/title')).toBe('What was bought\n')
    await runOperations(host, notes(), [{ action: 'save', object: renamed, previous: object }])
    expect(await runOn(host, 'ls notes')).toBe('bought.note\nlatest-bought\n')
    await runOperations(host, notes(), [{ prune: 'bought' }])
    expect(await runOn(host, 'ls notes')).toBe('')
  } finally {
    await host.close()
  }
})

/** Records in a service that functions talk to. */
function records(
  service: Map<string, string>,
  put: (name: string, value: string) => 'changed' | 'unchanged',
): Backend {
  const Entry = defineModel({
    name: 'entry',
    table: 'entry',
    key: 'name',
    schema: z.object({ name: z.string(), value: z.string() }),
  })
  return defineBackend({
    name: 'records',
    model: Entry,
    save: (script, { name, value }) => script.call('put', () => put(name, value)),
    delete: (script, { name }) =>
      script.call('delete', () => (service.delete(name) ? 'changed' : 'unchanged')),
  })
}

test('functions of a worker are run by the kit itself', async () => {
  const service = new Map<string, string>()
  const put = (name: string, value: string) => {
    if (service.get(name) === value) return 'unchanged'
    service.set(name, value)
    return 'changed'
  }
  const object = { name: 'www', value: '192.0.2.1' }
  const given = { fixtures: [{ name: 'www', object, changed: { ...object, value: '192.0.2.2' } }] }
  expect(await runAll(backendChecks({ backend: records(service, put), ...given }))).toContain(
    'www: changed and changed back',
  )
  expect(service.size).toBe(0)
  const careless = records(service, (name, value) => {
    service.set(name, value)
    return 'changed'
  })
  await expect(runAll(backendChecks({ backend: careless, ...given }))).rejects.toThrow(
    'save changed something',
  )
})

test('programs of another language are judged by what they leave', async () => {
  const Setting = defineModel({
    name: 'setting',
    table: 'setting',
    key: 'name',
    schema: z.object({ name: z.string(), value: z.string() }),
  })
  const program = (line: (name: string, value: string) => string) =>
    defineBackend({
      name: 'settings',
      model: Setting,
      interpreter: ['bash', '-s'],
      exists: (name) => sh`[[ -e ${name} ]]`,
      save: (script, { name, value }) => script.write(line(name, value)),
      delete: (script, { name }) => script.write(`rm -f ${name}`),
    })
  const objects = [{ name: 'colour', value: 'red' }]
  const sound = backendChecks({
    backend: program((name, value) => `echo ${value} >${name}`),
    objects,
    except: ['hostile'],
  })
  expect(sound.find(({ kind }) => kind === 'truth')?.skip).toBe('a program for bash cannot be asked')
  await runAll(sound)
  const growing = backendChecks({ backend: program((name, value) => `echo ${value} >>${name}`), objects })
  await expect(runAll(growing)).rejects.toThrow('Saved again, something changed')
})

test('checks are registered by name, and skipped with the reason', () => {
  vi.stubEnv('PATH', temporaryDirectory())
  vi.stubEnv('CI', '')
  const registered: string[] = []
  const skipped: string[] = []
  const runner = Object.assign((name: string) => registered.push(name), {
    skip: (name: string) => skipped.push(name),
  })
  describeBackend(runner, { backend: notes(), fixtures, except: ['hostile'] })
  expect(registered).toContain('notes: shopping: renamed, only the new one is there')
  expect(registered.some((name) => name.includes('quotes'))).toBe(false)
  expect(skipped).toEqual([
    'notes: shellcheck finds nothing in its commands (skipped: shellcheck is not installed)',
  ])
})

test('in CI a missing shellcheck is a failure', async () => {
  vi.stubEnv('PATH', temporaryDirectory())
  vi.stubEnv('CI', 'true')
  const check = backendChecks({ backend: notes(), fixtures }).find(({ kind }) => kind === 'shellcheck')
  expect(check?.skip).toBeUndefined()
  await expect(check?.run()).rejects.toThrow('shellcheck cannot be run')
})

test('a backend that makes no sense is refused at once', () => {
  expect(() => backendChecks({ backend: notes({ name: 'Not a name' }), fixtures })).toThrow('is not a name')
  expect(() => backendChecks({ backend: notes() })).toThrow('There is nothing to try the backend with')
  expect(() => backendChecks({ backend: notes(), fixtures: [...fixtures, ...fixtures] })).toThrow(
    'Two fixtures are called shopping',
  )
})

test('what a command prints is compared like a file', async () => {
  const host = await sandboxHost()
  try {
    const look = sh`cat state 2>/dev/null || echo nothing`
    const before = await treeOf(host, [look])
    await runOn(host, 'echo something >state')
    const lines = compareTrees(before, await treeOf(host, [look]), { except: [/^\//] })
    expect(lines).toEqual([`- ${look}: nothing\n`, `+ ${look}: something\n`])
  } finally {
    await host.close()
  }
})
