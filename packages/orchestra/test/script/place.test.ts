import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Script, sh } from '../../src/script/index.ts'
import { until } from '../support/processes.ts'
import { machine, temporaryDirectory } from './harness.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot && process.env.CI === 'true') throw new Error('these tests need root, and CI requires them')

/** An account that every Debian has, and a number that nobody has. */
const ada = Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout)
const bob = 54_321

/** A machine that others can get to, with a home of ada's and a directory of the system's. */
function shared() {
  const server = machine()
  const at = (path: string) => join(server.directory, path)
  chmodSync(server.directory, 0o755)
  mkdirSync(at('home/ada'), { recursive: true })
  chownSync(at('home/ada'), ada, ada)
  mkdirSync(at('etc'))
  writeFileSync(at('etc/shadow'), 'secret of root', { mode: 0o600 })
  const one = (method: (script: Script) => void) => server.run({ operations: [method] })
  return { ...server, at, one }
}

const owner = (path: string) => lstatSync(path).uid
const mode = (path: string) => (lstatSync(path).mode & 0o7777).toString(8)

const refused = ['failed 1 step unchanged']

const verbs: [string, (script: Script, path: string) => void][] = [
  ['file', (script, path) => script.file(path, 'ours')],
  ['directory', (script, path) => script.directory(path)],
  ['symlink', (script, path) => script.symlink(path, 'target')],
]

describe.skipIf(!isRoot)('a directory above the path (needs root)', () => {
  test.each(verbs)('that is a link keeps a %s from being made behind it, and is named', async (_, step) => {
    const { at, one } = shared()
    symlinkSync(at('etc'), at('link'))
    const result = await one((script) => step(script, at('link/x')))
    expect(result.outcomes()).toEqual(refused)
    expect(result.outputOf(0)).toContain(`${at('link')} is a link to ${at('etc')}: name the directory itself`)
    expect(readdirSync(at('etc'))).toEqual(['shadow'])
  })

  test.each(verbs)('that others may write to keeps a %s from being made in it and below', async (_, step) => {
    const { at, one } = shared()
    mkdirSync(at('open/own'), { recursive: true })
    chmodSync(at('open'), 0o777)
    for (const path of ['open/x', 'open/own/x', 'open/new/x']) {
      const result = await one((script) => step(script, at(path)))
      expect(result.outcomes()).toEqual(refused)
      expect(result.outputOf(0)).toContain(`${at('open')} is writable by others`)
    }
    expect(readdirSync(at('open'))).toEqual(['own'])
  })

  test('that is given away while the script waits for the lock is the user’s by then', async () => {
    const directory = temporaryDirectory()
    const at = (path: string) => join(directory, path)
    chmodSync(directory, 0o755)
    mkdirSync(at('place/state'), { recursive: true })
    mkdirSync(at('bin'))
    // What the script before did, when this one gets the lock.
    const giving = `#!/bin/sh\nchown ${ada} ${at('place')}\nexec /usr/bin/flock "$@"\n`
    writeFileSync(at('bin/flock'), giving, { mode: 0o755 })
    const env = { PATH: `${at('bin')}:${process.env.PATH}`, ORCHESTRA_STATE: at('place/state') }
    const result = await machine(env).run({ operations: [(s) => s.file(at('place/x'), 'ours')] })
    expect(result.outcomes()).toEqual(['ok changed'])
    expect(owner(at('place/x'))).toBe(ada)
  })

  test('that the script which has the lock gives away is looked at again by the one that waits', async () => {
    const directory = temporaryDirectory()
    const at = (path: string) => join(directory, path)
    chmodSync(directory, 0o755)
    mkdirSync(at('place/state'), { recursive: true })
    mkdirSync(at('bin'))
    // It has looked when it asks for the lock.
    writeFileSync(at('bin/flock'), `#!/bin/sh\ntouch ${at('waits')}\nexec /usr/bin/flock "$@"\n`, {
      mode: 0o755,
    })
    const env = { PATH: process.env.PATH ?? '', ORCHESTRA_STATE: at('place/state') }
    const limit = 60
    await machine(env).run({ limit, operations: [(s) => s.file(at('place/x'), 'before')] })
    const giving = sh`touch ${at('has')}; until test -e ${at('waits')}; do sleep 0.02; done; chown ${ada} ${at('place')}`
    const first = machine(env).run({ limit, operations: [(s) => s.run(giving)] })
    await until('it has the lock', () => existsSync(at('has')))
    const second = machine({ ...env, PATH: `${at('bin')}:${env.PATH}` })
    const result = await second.run({ limit, operations: [(s) => s.file(at('place/x'), 'ours')] })
    expect((await first).outcomes()).toEqual(['ok changed'])
    expect(result.outcomes()).toEqual(['ok changed'])
    expect(owner(at('place/x'))).toBe(ada)
  })

  test('whose group several are in is refused; one user’s is that user’s; nobody’s, and root’s, are root’s', async () => {
    const { at, one } = shared()
    const groups = { several: 65_534, daemon: 1, root: 0, none: 54_320 }
    for (const [name, gid] of Object.entries(groups)) {
      mkdirSync(at(name))
      chownSync(at(name), 0, gid)
      chmodSync(at(name), 0o775)
    }
    const results = await Promise.all(
      Object.keys(groups).map((name) => one((script) => script.file(at(`${name}/x`), 'ours'))),
    )
    const done = ['ok changed']
    expect(results.map((result) => result.outcomes())).toEqual([refused, done, done, done])
    expect(results[0]?.outputOf(0)).toContain('is writable by its group nogroup')
    expect(
      Object.keys(groups)
        .slice(1)
        .map((name) => owner(at(`${name}/x`))),
    ).toEqual([1, 0, 0])
  })

  test('whose group a command adds somebody to is refused from then on', async () => {
    const groups = join(temporaryDirectory(), 'group')
    writeFileSync(groups, `${readFileSync('/etc/group', 'utf8')}nobodys:x:54322:\n`)
    // The script alone sees these groups.
    const withGroups = ['unshare', '-m', 'bash', '-c', `mount --bind ${groups} /etc/group; exec "$@"`, '-']
    const server = machine({}, withGroups)
    chmodSync(server.directory, 0o755)
    const at = (path: string) => join(server.directory, path)
    mkdirSync(at('shared'))
    chownSync(at('shared'), 0, 54_322)
    chmodSync(at('shared'), 0o775)
    const result = await server.run({
      operations: [
        (script) => {
          script.file(at('shared/before'), 'ours')
          script.run(
            sh`sed 's/^nobodys:.*/&nobody,daemon/' ${groups} >${groups}.new; cat ${groups}.new >${groups}`,
          )
          script.file(at('shared/after'), 'ours')
        },
      ],
    })
    expect(result.outcomes()).toEqual(['failed 1 step changed'])
    expect(result.outputOf(0)).toContain('is writable by its group nobodys')
    expect([existsSync(at('shared/before')), existsSync(at('shared/after'))]).toEqual([true, false])
  })

  test.each([
    ['absent', (script: Script, path: string) => script.absent(path, { recursive: true })],
    ['trash', (script: Script, path: string) => script.trash(path)],
  ])('that is a link or anybody’s keeps %s from what is there', async (_, step) => {
    const { at, one } = shared()
    symlinkSync(at('etc'), at('link'))
    mkdirSync(at('open'))
    writeFileSync(at('open/file'), 'x')
    chmodSync(at('open'), 0o777)
    for (const path of ['link/shadow', 'open/file']) {
      expect((await one((script) => step(script, at(path)))).outcomes()).toEqual(refused)
    }
    expect(existsSync(at('etc/shadow'))).toBe(true)
    expect(existsSync(at('open/file'))).toBe(true)
    expect((await one((script) => step(script, at('open/nothing')))).outcomes()).toEqual(['ok unchanged'])
  })

  test('that a user shares with others is refused, and so is one in a directory like /tmp', async () => {
    const { at, one } = shared()
    chmodSync(at('home/ada'), 0o777)
    mkdirSync(at('tmp/ada'), { recursive: true })
    chmodSync(at('tmp'), 0o1777)
    chownSync(at('tmp/ada'), ada, ada)
    for (const path of ['home/ada', 'tmp/ada']) {
      const result = await one((script) => script.file(at(`${path}/x`), 'ours'))
      expect(result.outcomes()).toEqual(refused)
      expect(result.outputOf(0)).toContain(`${at(path)} belongs to nobody`)
    }
  })

  test('like /tmp: what is ours there is written; what is somebody’s is not touched', async () => {
    const { at, one } = shared()
    mkdirSync(at('tmp/own'), { recursive: true })
    chmodSync(at('tmp'), 0o1777)
    symlinkSync(at('etc/shadow'), at('tmp/link'))
    writeFileSync(at('tmp/theirs'), 'theirs')
    chownSync(at('tmp/theirs'), bob, bob)
    const save = (script: Script) => {
      script.file(at('tmp/new'), 'ours', { mode: '0640', check: sh`true` })
      script.file(at('tmp/own/x'), 'ours')
    }
    expect((await one(save)).outcomes()).toEqual(['ok changed'])
    expect((await one(save)).outcomes()).toEqual(['ok unchanged'])
    for (const name of ['link', 'theirs'])
      expect((await one((script) => script.file(at(`tmp/${name}`), 'ours'))).outcomes()).toEqual(refused)
    expect((await one((script) => script.directory(at('tmp/fresh')))).outcomes()).toEqual(refused)
    expect(readdirSync(at('tmp')).sort()).toEqual(['link', 'new', 'own', 'theirs'])
    expect(readFileSync(at('etc/shadow'), 'utf8')).toBe('secret of root')
  })

  test('that is given to a user in the same script is that user’s from then on', async () => {
    const { at, one } = shared()
    mkdirSync(at('site'))
    const save = (script: Script) => {
      script.directory(at('site'), { owner: ada, group: ada, mode: '0750' })
      script.directory(at('site/www'), { owner: ada, group: ada })
      script.file(at('site/www/index.html'), 'page')
    }
    expect((await one(save)).outcomes()).toEqual(['ok changed'])
    for (const path of ['site', 'site/www', 'site/www/index.html']) expect(owner(at(path))).toBe(ada)
    expect((await one(save)).outcomes()).toEqual(['ok unchanged'])
    const stray = await one((script) => script.file(at('site/www/index.html'), 'x', { owner: bob }))
    expect(stray.outcomes()).toEqual(refused)
    expect(stray.outputOf(0)).toContain(`is a place of nobody: nothing there can be given to ${bob}`)
  })

  test('that a command makes for a user is looked at after it', async () => {
    const { at, one } = shared()
    const result = await one((script) => {
      script.file(at('home/first'), 'ours')
      script.run(sh`install -d -o ${ada} ${at('home/bea')}`)
      script.file(at('home/bea/x'), 'hers')
    })
    expect(result.outcomes()).toEqual(['ok changed'])
    expect(owner(at('home/bea/x'))).toBe(ada)
  })

  test('and below it, new directories are given away from the deepest up', async () => {
    const { at, one } = shared()
    const result = await one((script) => {
      script.directory(at('srv/a'), { owner: ada })
      script.directory(at('srv/a/b'), { owner: bob, mode: '0700' })
    })
    expect(result.outcomes()).toEqual(['ok changed'])
    expect([owner(at('srv/a')), owner(at('srv/a/b')), mode(at('srv/a/b'))]).toEqual([ada, bob, '700'])
  })
})

describe.skipIf(!isRoot)('in a user’s place (needs root)', () => {
  test('steps run as the user: what they make is the user’s, and a second run changes nothing', async () => {
    const { at, one } = shared()
    const save = (script: Script) => {
      script.directory(at('home/ada/www/deep'), { owner: 'nobody', mode: '0750' })
      script.file(at("home/ada/www/it's $x"), "'a'\n\\ä\n\n", { mode: '0640' })
      script.file(at('home/ada/empty'), '')
      script.symlink(at('home/ada/link'), "to 'x'\n")
    }
    const first = await one(save)
    expect(first.outputOf(0)).toBe('')
    expect(first.outcomes()).toEqual(['ok changed'])
    expect(readFileSync(at("home/ada/www/it's $x"), 'utf8')).toBe("'a'\n\\ä\n\n")
    for (const path of ['www', 'www/deep', "www/it's $x", 'empty', 'link'])
      expect(owner(at(`home/ada/${path}`))).toBe(ada)
    expect([mode(at('home/ada/www/deep')), mode(at("home/ada/www/it's $x"))]).toEqual(['750', '640'])
    expect((await one(save)).outcomes()).toEqual(['ok unchanged'])
    chmodSync(at('home/ada/www/deep'), 0o755)
    expect((await one(save)).outcomes()).toEqual(['ok changed'])
    expect(mode(at('home/ada/www/deep'))).toBe('750')
    const gone = (script: Script) => {
      script.absent(at('home/ada/www'), { recursive: true })
      script.absent(at('home/ada/link'))
    }
    expect((await one(gone)).outcomes()).toEqual(['ok changed'])
    expect(readdirSync(at('home/ada'))).toEqual(['empty'])
  })

  test('a link leads no further than the user gets', async () => {
    const { at, one } = shared()
    mkdirSync(at('home/bob'), { mode: 0o700 })
    chownSync(at('home/bob'), bob, bob)
    for (const [name, target] of [
      ['etc', 'etc'],
      ['bob', 'home/bob'],
    ] as const)
      symlinkSync(at(target), at(`home/ada/${name}`))
    const results = [
      await one((script) => script.directory(at('home/ada/etc/www'), { owner: 'nobody' })),
      await one((script) => script.directory(at('home/ada/bob/www'), { owner: 'nobody' })),
      await one((script) => script.file(at('home/ada/etc/shadow'), 'hers')),
      await one((script) => script.absent(at('home/ada/etc/shadow'))),
      await one((script) => script.trash(at('home/ada/etc/shadow'))),
    ]
    for (const result of results) expect(result.outcomes()).toEqual(refused)
    expect(results[0]?.outputOf(0)).toContain('As nobody: ')
    expect(results[0]?.outputOf(0)).toContain('Permission denied')
    expect(readFileSync(at('etc/shadow'), 'utf8')).toBe('secret of root')
    expect(readdirSync(at('etc'))).toEqual(['shadow'])
    // The last name may be a link, and then what it leads to is not changed.
    const last = await one((script) =>
      script.directory(at('home/ada/bob'), { owner: 'nobody', mode: '0755' }),
    )
    expect(last.outcomes()).toEqual(['ok unchanged'])
    expect([owner(at('home/bob')), mode(at('home/bob'))]).toEqual([bob, '700'])
  })

  test('a pipe in place of a file is replaced, not opened', async () => {
    const { at, one } = shared()
    spawnSync('mkfifo', [at('home/ada/x')])
    chownSync(at('home/ada/x'), ada, ada)
    expect((await one((script) => script.file(at('home/ada/x'), 'ours'))).outcomes()).toEqual(['ok changed'])
    expect(readFileSync(at('home/ada/x'), 'utf8')).toBe('ours')
  })

  test('each operation gets its own answer, and a check has no place there', async () => {
    const { at, run } = shared()
    mkdirSync(at('home/ada/taken'))
    const result = await run({
      operations: [
        (script) => script.file(at('home/ada/one'), '1'),
        (script) => script.file(at('home/ada/taken'), '2'),
        (script) => script.file(at('home/ada/two'), '3'),
        (script) => script.file(at('home/ada/three'), '4', { check: sh`true` }),
        (script) => script.file(at('etc/ours'), '5'),
      ],
    })
    expect(result.outcomes()).toEqual(['ok changed', ...refused, 'ok changed', ...refused, 'ok changed'])
    expect(result.outputOf(1)).toContain('taken is a directory, not a file')
    expect(result.outputOf(3)).toContain('a file with a check can only stand where root alone can write')
  })

  test('the process that acts there has nothing of root’s in its environment and no file of root’s open', async () => {
    const { at, run } = shared()
    const result = await run({
      operations: [
        (script) =>
          script.run(sh`id -u; printenv; ls -l /proc/self/fd | sed 's/.* //'; cat`, {
            as: 'nobody',
            input: 'given',
          }),
      ],
    })
    const said = result.outputOf(0)
    expect(said.split('\n')[0]).toBe(String(ada))
    expect(said).toContain('given')
    expect(said).not.toContain('ORCHESTRA_STATE')
    expect(said).not.toContain(at(''))
    expect(said).not.toContain(at('state'))
  })

  test('a command runs strictly as its user, with its directory, variables and guards', async () => {
    const { at, one, run } = shared()
    const result = await one((script) => {
      script.run(sh`echo "$name" >"$PWD/made"`, { as: ada, cwd: at('home/ada'), env: { name: "it's" } })
      script.run(sh`false`, { as: 'nobody', unless: sh`[[ -O ${at('home/ada/made')} ]]` })
    })
    expect(result.outcomes()).toEqual(['ok changed'])
    expect(readFileSync(at('home/ada/made'), 'utf8')).toBe("it's\n")
    const failing = await run({
      operations: [
        (script) => script.run(sh`false; touch ${at('home/ada/after')}`, { as: 'nobody' }),
        (script) => script.run(sh`true`, { as: 'no-such-user' }),
        (script) => script.run(sh`true`, { as: 'no-such-user', unless: sh`true` }),
        (script) => script.run(sh`cat ${at('etc/shadow')}`, { as: 'nobody' }),
      ],
    })
    expect(failing.outcomes()).toEqual([
      'failed 1 step unchanged',
      'failed 126 step unchanged',
      'failed 126 step unchanged',
      'failed 1 step unchanged',
    ])
    expect(existsSync(at('home/ada/after'))).toBe(false)
    expect(failing.outputOf(1)).toContain('there is no user no-such-user')
  })
})

test.skipIf(!isRoot)('no script runs whose state others could write to (needs root)', async () => {
  const { at, directory } = shared()
  const run = async (state: string) => {
    const server = machine({ ORCHESTRA_STATE: state })
    return server.run({ operations: [(script) => script.file(at('etc/x'), 'ours')] })
  }
  symlinkSync(at('etc'), at('link'))
  for (const [state, why] of [
    ['home/ada/state', 'is in a place of nobody: Orchestra cannot keep its state there'],
    ['link/state', 'is a link to'],
  ] as const) {
    const result = await run(at(state))
    expect(result.code).toBe(85)
    expect(result.stderr.toString()).toContain(why)
  }
  expect(existsSync(join(directory, 'etc/x'))).toBe(false)
  expect((await run(at('own/state'))).outcomes()).toEqual(['ok changed'])
})

test('a login’s own directories are its own, and a private group is nobody else’s', async () => {
  const { directory, run } = machine()
  mkdirSync(join(directory, 'app'))
  chmodSync(join(directory, 'app'), 0o775)
  const result = await run({
    operations: [
      (script) => script.file('app/x', 'ours'),
      (script) => script.directory('new/deep', { mode: '0700' }),
    ],
  })
  expect(result.outcomes()).toEqual(['ok changed', 'ok changed'])
  expect(readFileSync(join(directory, 'app/x'), 'utf8')).toBe('ours')
})
