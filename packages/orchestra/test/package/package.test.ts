import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { copyRepository, createProject, pack, packages, run, runProgram } from './packed.ts'

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'orchestra-package-')))
const repository = join(directory, 'repository')
const project = join(directory, 'project')
const installed = join(project, 'node_modules/orchestrajs')
const services = join(project, 'node_modules/@orchestrajs/services')
const tsc = join(repository, 'node_modules/.bin/tsc')
const checkTypes = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2024', '--module', 'nodenext']

beforeAll(async () => {
  copyRepository(repository)
  const tarballs: string[] = []
  for (const name of packages) tarballs.push(await pack(repository, name))
  await createProject(project, tarballs)
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const read = (path: string) => readFileSync(path, 'utf8')
const orchestra = (...words: string[]) => run('npx', ['orchestra', ...words], { cwd: project })

test('packing leaves the package as it was', () => {
  for (const name of packages) {
    const own = join(repository, 'packages', name)
    expect(read(join(own, 'package.json'))).toBe(
      read(join(import.meta.dirname, '../../..', name, 'package.json')),
    )
    expect(globSync('{.packing,CHANGELOG.md,LICENSE}', { cwd: own })).toEqual([])
  }
})

test('a pack that was interrupted is undone by the next', async () => {
  const own = join(repository, 'packages/services')
  const before = read(join(own, 'package.json'))
  await run(process.execPath, ['../pack.ts', 'begin'], { cwd: own })
  expect(read(join(own, 'package.json'))).not.toBe(before)
  await pack(repository, 'services')
  expect(read(join(own, 'package.json'))).toBe(before)
})

test('they hold no sources, tests or maps, and everything that their readers look for', () => {
  for (const path of [installed, services]) {
    const files = globSync('**/*', { cwd: path, exclude: ['node_modules/**'] })
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\.|(^|\/)test\/|\.map$/.test(file))).toEqual([])
    for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE', 'dist/index.d.ts'])
      expect(existsSync(join(path, name)), name).toBe(true)
  }
  expect(existsSync(join(installed, 'dist/script/run.sh'))).toBe(true)
})

test('in a project as npm makes it, init and up run, and a committed row gets to its server', async () => {
  const { stdout } = await orchestra('init')
  expect(JSON.parse(read(join(project, 'package.json'))).type).toBe('commonjs')
  expect(stdout).toContain('orchestra.config.mts is written')
  const worker = spawn('npx', ['orchestra', 'up'], { cwd: project, detached: true })
  try {
    const lines = createInterface(worker.stdout)[Symbol.asyncIterator]()
    await lineWith(lines, 'ready')
    await runProgram(
      project,
      'table.mjs',
      program('create table site (id int primary key, domain text, title text)'),
    )
    await orchestra('server', 'add', 'here', '--method', 'local', '--directory', directory)
    await orchestra('route', 'add', 'page', 'here')
    await runProgram(project, 'row.mjs', program(`insert into site values (1, 'a.example', 'Hello')`))
    await lineWith(lines, 'SUCCESS')
    expect(read(join(directory, 'sites/a.example.html'))).toBe('<h1>Hello</h1>\n')
  } finally {
    if (worker.pid !== undefined) process.kill(-worker.pid, 'SIGINT')
    await new Promise((resolve) => worker.once('close', resolve))
  }
})

/** A program of the application, which is CommonJS or not as its ending says. */
const program = (sql: string) => `
import { Orchestra } from 'orchestrajs'
import config from './orchestra.config.mts'
const orchestra = await Orchestra.open(config)
await orchestra.store.query(${JSON.stringify(sql)})
await orchestra.close()
`

async function lineWith(lines: AsyncIterator<string>, text: string): Promise<void> {
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    if (next.value.includes(text)) return
  }
  throw new Error(`it ended without saying ${text}`)
}

const kinds = `
import { defineBackend, defineConfig, defineModel, sh } from 'orchestrajs'
import { cronJob } from '@orchestrajs/services'
import { nginxMap } from '@orchestrajs/services/nginx-map'
import { z } from 'zod'

const model = defineModel({ name: 'site', schema: z.object({ id: z.int(), domain: z.string() }) })
export const steps = defineBackend({
  name: 'steps',
  model,
  save: (script, { domain }) => script.run(sh\`echo \${domain} >>ran\`),
})
export const whole = defineBackend({
  name: 'whole',
  model,
  sync: (script, objects) => script.file('all', objects.map(({ domain }) => domain)),
})
export const interpreted = defineBackend({
  name: 'interpreted',
  model,
  interpreter: ['bash'],
  save: (script, { domain }) => script.write(\`echo \${domain} >interpreted\\n\`),
})
export const called = defineBackend({
  name: 'called',
  model,
  save: (script, { domain }) => script.call('tell', ({ log }) => {
      log(domain)
      return 'changed'
    }),
})
export const jobs = cronJob({
  model,
  job: ({ id, domain }) => ({ name: \`job\${id}\`, schedule: '@daily', command: \`echo \${domain}\`, user: 'root' }),
})
export const map = nginxMap({ model, variable: '$x', entry: ({ domain }) => ({ from: [domain], to: '1' }) })
export default defineConfig({ models: [model], backends: [steps, whole, interpreted, called, jobs, map] })
`

/** Runs the kinds of backends; the ready-made ones are for machines with their daemons. */
const each = (name: string) => `
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addRoute, addServer, Orchestra } from 'orchestrajs'
import config from './${name}'
const server = mkdtempSync(join(process.cwd(), 'server-'))
const orchestra = await Orchestra.open(config, { directory: mkdtempSync(join(process.cwd(), 'store-')) })
await orchestra.install()
await addServer(orchestra.store, { name: 'here', method: 'local', directory: server })
await addServer(orchestra.store, { name: 'api', method: 'function' })
for (const backend of ['steps', 'whole', 'interpreted', 'called'])
  await addRoute(orchestra.store, config, { backend, server: backend === 'called' ? 'api' : 'here' })
const worker = orchestra.worker()
await worker.start()
const { operations } = await orchestra.unitOfWork(async (unit) => {
  await orchestra.collect('site', 1, { object: { id: 1, domain: 'shop.example' } })
  return unit.settled()
})
for (const { backend, state } of operations) console.log(backend, state)
for (const file of ['ran', 'all', 'interpreted'])
  console.log(file, readFileSync(join(server, file), 'utf8').includes('shop.example'))
await worker.stop()
await orchestra.close()
`

test.each(['kinds.mts', 'kinds.mjs'])('a backend of each kind runs, written in %s', async (name) => {
  writeFileSync(join(project, name), kinds)
  const told = (await runProgram(project, 'each.mjs', each(name))).trim().split('\n').sort()
  expect(told).toEqual([
    'all true',
    'called done',
    'interpreted done',
    'interpreted true',
    'ran true',
    'steps done',
    'whole done',
  ])
})

test('types of both are those of the sources', async () => {
  const wrong = kinds.replace('({ id, domain })', '({ id, domian })')
  for (const [name, text] of Object.entries({ 'right.mts': kinds, 'wrong.mts': wrong }))
    writeFileSync(join(project, name), text)
  await run(tsc, [...checkTypes, 'right.mts'], { cwd: project })
  await expect(run(tsc, [...checkTypes, 'wrong.mts'], { cwd: project })).rejects.toMatchObject({
    stdout: expect.stringContaining(`'domian' does not exist`),
  })
})

test('ready-made backends say what servers would be told', async () => {
  const told = await runProgram(
    project,
    'render.mjs',
    `
import { backendChecks } from 'orchestrajs/testing'
import { jobs, map } from './kinds.mjs'
for (const backend of [jobs, map])
  for (const { kind, run } of backendChecks({ backend, objects: [{ id: 1, domain: 'shop.example' }] }))
    if (kind === 'secrets') await run().then(() => console.log(backend.name))`,
  )
  expect(told).toBe('cron-job\nnginx-map\n')
})

test('the kit for authors of backends works from there', async () => {
  const checking = runProgram(
    project,
    'check.mjs',
    `
import { backendChecks } from 'orchestrajs/testing'
import { steps } from './kinds.mjs'
const checks = backendChecks({ backend: steps, objects: [{ id: 1, domain: 'shop.example' }] })
for (const { kind, run } of checks) if (kind === 'secrets' || kind === 'twice') await run()`,
  )
  await expect(checking).rejects.toMatchObject({
    stderr: expect.stringContaining('This command runs every time'),
  })
})

test('the client of the API is there, with its types', async () => {
  const asks = (field: string) => `
import { Client } from 'orchestrajs/client'
const client = new Client({ url: 'http://127.0.0.1:4480', token: '' })
const server = await client.ask('GET /servers/{server}', { server: 'web1' })
console.log(server.${field} satisfies string)`
  for (const [name, field] of Object.entries({ 'asks.mts': 'name', 'asks-wrong.mts': 'nmae' }))
    writeFileSync(join(project, name), asks(field))
  await run(tsc, [...checkTypes, 'asks.mts'], { cwd: project })
  await expect(run(tsc, [...checkTypes, 'asks-wrong.mts'], { cwd: project })).rejects.toMatchObject({
    stdout: expect.stringContaining(`'nmae' does not exist`),
  })
})

test('a misspelled option is an error in plain JavaScript too', async () => {
  writeFileSync(
    join(project, 'misspelled.mjs'),
    kinds.replace("name: 'steps',", "name: 'steps', onMov: 'remove',"),
  )
  await expect(run(process.execPath, ['misspelled.mjs'], { cwd: project })).rejects.toMatchObject({
    stderr: expect.stringContaining('has no option `onMov`'),
  })
})

test('the command runs', async () => {
  const { stdout } = await orchestra('--version')
  expect(stdout.trim()).toBe(JSON.parse(read(join(installed, 'package.json'))).version)
})
