import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openDirectory, postgresProgram } from './postgres-program.ts'
import { publish } from './publish.ts'

const nobody = 65_534
const directory = mkdtempSync(join(tmpdir(), 'orchestra-publish-'))
chmodSync(directory, 0o755)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let count = 0
let source: string
let target: string

/** A program in a home that its owner alone can enter, unpacked with a narrow umask. */
beforeEach(() => {
  const home = join(directory, `home${++count}`)
  source = join(home, 'clone')
  target = join(directory, `shared${count}`)
  mkdirSync(join(source, 'bin'), { recursive: true, mode: 0o700 })
  writeFileSync(join(source, 'bin/program'), '#!/bin/sh\ncat "$(dirname "$0")/../data"\n', { mode: 0o700 })
  writeFileSync(join(source, 'data'), 'hello\n', { mode: 0o600 })
  chmodSync(home, 0o700)
})

describe.runIf(process.getuid?.() === 0)('what root shares with another user', () => {
  const run = (path: string) =>
    execFileSync(path, { uid: nobody, gid: nobody, cwd: '/', encoding: 'utf8', stdio: 'pipe' })

  it('can be run by that user, though its source cannot', () => {
    expect(() => run(join(source, 'bin/program'))).toThrow('EACCES')
    expect(run(join(publish(source, target), 'bin/program'))).toBe('hello\n')
  })

  it.each([
    ['another owner', () => chownSync(target, nobody, nobody)],
    ['a mode that lets others write', () => chmodSync(target, 0o777)],
  ])('is refused when the place has %s', (_, change) => {
    mkdirSync(target)
    change()
    expect(() => publish(source, target)).toThrow(`${target} was not made by us`)
  })

  it('holds the Postgres of the tests', () => {
    const { bin, user } = postgresProgram()
    const words = { ...user, cwd: '/', encoding: 'utf8' } as const
    expect(execFileSync(join(bin, 'postgres'), ['--version'], words)).toMatch(/^postgres \(PostgreSQL\) \d+/)
  })
})

it('is copied once, and again when something of it is gone', () => {
  publish(source, target)
  const first = statSync(target).ino
  publish(source, target)
  expect(statSync(target).ino).toBe(first)
  rmSync(join(target, 'data'))
  expect(readFileSync(join(publish(source, target), 'data'), 'utf8')).toBe('hello\n')
})

it('lies in the first directory that everybody can enter', () => {
  const closed = join(directory, 'closed')
  mkdirSync(join(closed, 'open'), { recursive: true })
  chmodSync(closed, 0o700)
  expect(openDirectory([join(closed, 'open'), join(directory, 'missing'), directory])).toBe(directory)
  expect(() => openDirectory([closed])).toThrow(`No other user can enter any of ${closed}`)
})
