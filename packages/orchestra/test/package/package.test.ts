import { execFile } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const own = resolve(import.meta.dirname, '../..')
const root = resolve(own, '../..')
const directory = mkdtempSync(join(tmpdir(), 'orchestra-package-'))
const project = join(directory, 'project')
const installed = join(project, 'node_modules/orchestrajs')

interface Manifest {
  version: string
  dependencies: Record<string, string>
}

const manifest: Manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'))

/** A project that has the packed package, and beside it the dependencies that npm would install. */
beforeAll(async () => {
  const built = join(directory, 'built')
  await run(process.execPath, [join(own, 'build.ts'), built])
  await run('npm', ['pack', '--pack-destination', directory], { cwd: built })
  mkdirSync(installed, { recursive: true })
  const tarball = join(directory, `orchestrajs-${manifest.version}.tgz`)
  await run('tar', ['-xf', tarball, '-C', installed, '--strip-components=1'])
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) link(name)
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

function link(name: string): void {
  const path = join(project, 'node_modules', name)
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), path)
}

const config = `
import { defineBackend, defineConfig, defineModel, sh } from 'orchestrajs'
import { z } from 'zod'

const site = defineModel({ name: 'site', table: 'site', schema: z.object({ id: z.int(), domain: z.string() }) })
const pages = defineBackend({
  name: 'pages',
  model: site,
  save(script, object) {
    script.run(sh\`echo \${object.domain}\`)
  },
})
export default defineConfig({ models: [site], backends: [pages] })
`

test('the package works from node_modules, where Node runs no TypeScript', async () => {
  writeFileSync(join(project, 'config.js'), config)
  const program = `import config from './config.js'; console.log([...config.backends.keys()].join())`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: project })
  expect(stdout).toBe('pages\n')
})

test('its kit for authors of backends works from there too', async () => {
  const program = `
import { backendChecks } from 'orchestrajs/testing'
import config from './config.js'
const checks = backendChecks({ backend: config.backends.get('pages'), objects: [{ id: 1, domain: 'shop.example' }] })
for (const { kind, run } of checks) if (kind === 'secrets' || kind === 'twice') await run()`
  writeFileSync(join(project, 'config.js'), config)
  const checking = run(process.execPath, ['--input-type=module', '-e', program], { cwd: project })
  await expect(checking).rejects.toMatchObject({
    stderr: expect.stringContaining('This command runs every time'),
  })
})

test('its scripts find the prelude', async () => {
  const prelude = new URL(`file://${installed}/dist/script/prelude.js`)
  const { readPrelude }: { readPrelude: () => string } = await import(prelude.href)
  expect(readPrelude()).toContain('o_begin')
})

test('its types are those of the sources', async () => {
  writeFileSync(join(project, 'config.ts'), config)
  writeFileSync(join(project, 'wrong.ts'), config.replace('object.domain', 'object.domian'))
  const tsc = join(root, 'node_modules/.bin/tsc')
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2024', '--module', 'nodenext']
  await run(tsc, [...options, 'config.ts'], { cwd: project })
  await expect(run(tsc, [...options, 'wrong.ts'], { cwd: project })).rejects.toMatchObject({
    stdout: expect.stringContaining(`'domian' does not exist`),
  })
})

test('its command runs', async () => {
  const { stdout } = await run(process.execPath, [join(installed, 'bin/orchestra.js'), '--version'])
  expect(stdout.trim()).toBe(manifest.version)
})

test('it holds no sources, tests or maps, and everything that its readers look for', () => {
  const files = globSync('**/*', { cwd: installed })
  expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\.|(^|\/)test\/|\.map$/.test(file))).toEqual([])
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE', 'dist/script/prelude.sh'])
    expect(existsSync(join(installed, name)), name).toBe(true)
})
