import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Project } from './project.ts'

const TIMEOUT = 180_000
const projects: Project[] = []

function project(environment: NodeJS.ProcessEnv = {}): Project {
  const made = new Project(environment)
  projects.push(made)
  return made
}

afterEach(async () => {
  await Promise.all(projects.splice(0).map((made) => made.remove()))
})

describe('bad input', () => {
  test('an unknown command suggests the one that was meant', { timeout: TIMEOUT }, async () => {
    const { code, stdout, stderr } = await project().run('statu')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe("error ORC_USAGE: unknown command 'statu'\n  Did you mean status?\n")
  })

  test('without a configuration it says how to get one', { timeout: TIMEOUT }, async () => {
    const { code, stderr } = await project().run('status')
    expect(code).toBe(1)
    expect(stderr).toContain('error ORC_CONFIG_NOT_FOUND')
    expect(stderr).toContain('orchestra init')
  })

  test('a configuration that throws is named with its line and without a stack', {
    timeout: TIMEOUT,
  }, async () => {
    const made = project()
    made.write('orchestra.config.ts', "const a = 1\nthrow new Error('no such tenant')\n")
    const { code, stderr } = await made.run('status')
    expect(code).toBe(1)
    expect(stderr).toContain('orchestra.config.ts:2')
    expect(stderr).not.toContain('    at ')
    const debug = new Project({ ORCHESTRA_DEBUG: '1' })
    projects.push(debug)
    debug.write('orchestra.config.ts', "throw new Error('no such tenant')\n")
    expect((await debug.run('status')).stderr).toContain('    at ')
  })

  test('errors are JSON where JSON is asked for', { timeout: TIMEOUT }, async () => {
    const { code, stderr } = await project().run('status', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'ORC_CONFIG_NOT_FOUND' } })
  })

  test('a key file that cannot be read is named', { timeout: TIMEOUT }, async () => {
    const made = project()
    await made.run('init')
    mkdirSync(join(made.directory, '.orchestra', 'key'), { recursive: true })
    const { code, stderr } = await made.run('status')
    expect(code).toBe(1)
    expect(stderr).toContain('error ORC_KEY_UNREADABLE')
    expect(stderr).toContain(join(made.directory, '.orchestra', 'key'))
  })

  test('a wrong key stops the worker and is found by doctor', { timeout: TIMEOUT }, async () => {
    const made = project()
    await made.run('init')
    expect((await made.run('up', '--migrate-only')).code).toBe(0)
    writeFileSync(join(made.directory, '.orchestra', 'key'), '7'.repeat(64))
    const up = await made.run('up')
    expect(up.code).toBe(1)
    expect(up.stderr).toContain('error ORC_KEY_WRONG')
    expect((await made.run('doctor')).stdout).toContain('problem  key: Wrong key')
  })

  test('a store that does not answer is an error, and a finding of doctor', {
    timeout: TIMEOUT,
  }, async () => {
    const made = project({ DATABASE_URL: 'postgresql://postgres@127.0.0.1:1/none' })
    await made.run('init')
    const { code, stderr } = await made.run('status')
    expect(code).toBe(1)
    expect(stderr).toContain('error ORC_STORE_UNREACHABLE')
    const doctor = await made.run('doctor')
    expect(doctor.code).toBe(2)
    expect(doctor.stdout).toContain('problem  store: The database does not answer')
  })

  test('init leaves a configuration that is there as it is', { timeout: TIMEOUT }, async () => {
    const made = project()
    made.write('orchestra.config.ts', '// mine\n')
    const { code, stderr } = await made.run('init')
    expect(code).toBe(1)
    expect(stderr).toContain('is there already')
    expect(readFileSync(join(made.directory, 'orchestra.config.ts'), 'utf8')).toBe('// mine\n')
  })

  test('init writes what runs in a project as npm makes it', { timeout: TIMEOUT }, async () => {
    const made = project()
    made.write('package.json', '{ "type": "commonjs" }')
    expect((await made.run('init')).stdout).toContain('orchestra.config.mts')
    const doctor = await made.run('doctor')
    expect(doctor.stdout).toContain('orchestra.config.mts')
    expect((await made.run('init')).stderr).toContain('orchestra.config.mts is there already')
  })

  test('a server whose name resolves to nothing is not registered', { timeout: TIMEOUT }, async () => {
    const made = project()
    await made.run('init')
    const { code, stderr } = await made.run('server', 'add', 'web1', '--host', 'no-such-host.invalid')
    expect(code).toBe(1)
    expect(stderr).toContain('ORC_SERVER_UNREACHABLE')
    expect(await made.json('server', 'list')).toEqual([])
    const offline = await made.run('server', 'add', 'web1', '--host', 'no-such-host.invalid', '--offline')
    expect(offline.code).toBe(2)
    expect((await made.run('server', 'check')).code).toBe(2)
  })

  test('an object and a model that do not exist are told apart', { timeout: TIMEOUT }, async () => {
    const made = project()
    await made.run('init')
    expect((await made.run('explain', 'site')).stderr).toContain('ORC_USAGE')
    expect((await made.run('explain', 'user:1')).stderr).toContain('ORC_MODEL_UNKNOWN')
    expect((await made.run('unit', 'show', 'x')).stderr).toContain('ORC_UNIT_UNKNOWN')
  })
})
