import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { attempt } from '../command.ts'
import { buildScript } from '../recipe.ts'
import { waitFor } from '../wait.ts'

/** The build as it is, with programs in place of debootstrap and chroot that do little and tell what they did. */
describe('building the base', () => {
  let directory: string
  let base: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'orchestra-base-'))
    base = join(directory, 'base-1')
    program(
      'debootstrap',
      'for last; do target=$previous previous=$last; done; mkdir -p "$target"/etc/sudoers.d',
    )
    program('chroot', ':')
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  function program(name: string, body: string): void {
    mkdirSync(join(directory, 'bin'), { recursive: true })
    const text = `#!/bin/bash\necho ${name} >> ${directory}/calls\n${body}\n`
    writeFileSync(join(directory, 'bin', name), text, { mode: 0o755 })
  }

  const command = () => [
    join(directory, 'lock'),
    'bash',
    buildScript,
    base,
    'mirror',
    'suite',
    'main',
    'bash',
  ]
  const env = () => ({ ...process.env, PATH: `${directory}/bin:${process.env.PATH}` })
  const build = () => attempt('flock', command(), { env: env() })

  function calls(name: string): number {
    return readFileSync(join(directory, 'calls'), 'utf8')
      .split('\n')
      .filter((line) => line === name).length
  }

  test('happens once, however many want it at the same time', async () => {
    const results = await Promise.all([build(), build(), build()])
    expect(results.map(({ code, stderr }) => `${code}${stderr}`)).toEqual(['0', '0', '0'])
    expect(calls('debootstrap')).toBe(1)
    expect(existsSync(base)).toBe(true)
  })

  test('starts anew after a build that was killed, whose remains are never taken for a base', async () => {
    program('debootstrap', `mkdir -p ${directory}/building/half; sleep 1000`)
    const child = spawn('flock', command(), { env: env(), detached: true, stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await waitFor('the build to be half done', () => existsSync(join(directory, 'building/half')))
    process.kill(-Number(child.pid), 'SIGKILL')
    await ended
    expect(existsSync(base)).toBe(false)
    program('debootstrap', `mkdir -p ${directory}/building/etc/sudoers.d`)
    expect(await build()).toMatchObject({ code: 0 })
    expect(existsSync(join(base, 'half'))).toBe(false)
    expect(existsSync(join(base, 'etc/sudoers.d/deploy'))).toBe(true)
  })

  test('leaves no base when a step of it fails', async () => {
    program('chroot', 'exit 3')
    expect(await build()).toMatchObject({ code: 3 })
    expect(existsSync(base)).toBe(false)
  })
})
