import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { afterAll, describe, expect, test } from 'vitest'
import type { Act } from '../../src/cli/command.ts'
import { fishCompletion } from '../../src/cli/completion-fish.ts'
import { bashCompletion } from '../../src/cli/completion-scripts.ts'
import { commandWords } from '../../src/cli/completion-words.ts'
import { createProgram } from '../../src/cli/program.ts'
import { command } from './project.ts'

const doNothing: Act = () => async () => undefined

function program(): Command {
  return createProgram(doNothing, { stdout: new PassThrough(), stderr: new PassThrough() })
}

function everyCommand(parent: Command): Command[] {
  const visible = parent.createHelp().visibleCommands(parent)
  return parent.commands.filter((one) => visible.includes(one)).flatMap((one) => [one, ...everyCommand(one)])
}

function helpOf(one: Command): string {
  let text = ''
  one.configureOutput({ writeOut: (part) => (text += part) })
  one.outputHelp()
  return text
}

describe('help', () => {
  test.each(everyCommand(program()).map((one) => [one.name(), one] as const))(
    '%s has a description and an example',
    (_name, one) => {
      expect(one.description()).not.toBe('')
      expect(helpOf(one)).toMatch(/Examples?:\n {2}\$ orchestra /)
    },
  )
})

describe('completion', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-completion-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  function complete(...words: string[]): string[] {
    const path = join(directory, 'completion.bash')
    writeFileSync(path, bashCompletion(commandWords(program())))
    const ask = `source "$1"; shift; orchestra() { echo "web1 web2 of $*"; }
      COMP_WORDS=(orchestra "$@"); COMP_CWORD=$#; _orchestra; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', ask, 'ask', path, ...words], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
  }

  test('knows commands, subcommands and options', () => {
    expect(complete('sta')).toEqual(['status'])
    expect(complete('server', 'ap')).toEqual(['approve'])
    expect(complete('up', '--mig')).toEqual(['--migrate-only'])
    expect(complete('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh']))
  })

  test('asks for the names that an argument takes', () => {
    expect(complete('server', 'hold', 'web')).toEqual(['web1', 'web2'])
    expect(complete('route', 'add', '')).toContain('backend')
    expect(complete('route', 'add', 'page', '')).toContain('server')
    expect(complete('status', 'web')).toEqual([])
  })
})

describe.each(['bash', 'zsh'])('completion of names that hold what %s acts on', (shell) => {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-completion-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  // With tabs for blanks: a blank separates names.
  const hostile = [
    '$(touch\tran)',
    '`touch\tran`',
    '";touch\tran;"',
    "';touch\tran;'",
    ';touch\tran',
    '|touch\tran',
    '<(touch\tran)',
    '\\$(touch\tran)',
    'a[$(touch\tran)]',
    '*',
    '?',
    '~',
    '-n',
    '%s',
  ]

  test('runs nothing, and offers each quoted so that it means itself', () => {
    const script = join(directory, `completion.${shell}`)
    writeFileSync(script, bashCompletion(commandWords(program())))
    writeFileSync(join(directory, 'names'), hostile.map((name) => `${name}\n`).join(''))
    const start =
      shell === 'zsh' ? 'autoload -Uz compinit bashcompinit; compinit -u -D; bashcompinit' : 'true'
    const ask = `cd "$1"; ${start}; source "$2"; orchestra() { cat names; }
      COMP_WORDS=(orchestra server hold ''); COMP_CWORD=3; ${shell === 'zsh' ? 'setopt ksharrays;' : ''} _orchestra
      printf '%s\n' "\${COMPREPLY[@]}"`
    const offered = execFileSync(shell, ['-c', ask, 'ask', directory, script], { encoding: 'utf8' })
      .split('\n')
      .filter((word) => word !== '' && !word.startsWith('--'))
    expect(readdirSync(directory).sort()).toEqual([`completion.${shell}`, 'names'])
    const meant = offered.map((word) =>
      execFileSync(shell, ['-c', `printf '%s' ${word}`], { cwd: directory, encoding: 'utf8' }),
    )
    expect(meant).toEqual(expect.arrayContaining(hostile.filter((name) => name !== '-n')))
    expect(readdirSync(directory).sort()).toEqual([`completion.${shell}`, 'names'])
  })
})

describe('completion of fish', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-completion-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  const hostile = [
    '$(touch ran)',
    '(touch ran)',
    '";touch ran;"',
    "';touch ran;'",
    '|touch ran',
    '*',
    '~',
    '%s',
  ]

  function complete(line: string): string[] {
    const script = join(directory, 'orchestra.fish')
    writeFileSync(script, fishCompletion(commandWords(program())))
    writeFileSync(
      join(directory, 'names'),
      [...hostile, 'web1', 'with\ttab'].map((name) => `${name}\n`).join(''),
    )
    writeFileSync(join(directory, 'orchestra'), '#!/bin/sh\ncat names; echo "of $*"\n', { mode: 0o755 })
    const environment = { ...process.env, HOME: directory, PATH: `${directory}:${process.env.PATH}` }
    const ask = 'source $argv[1]; complete -C $argv[2]'
    return execFileSync('fish', ['--no-config', '-c', ask, script, line], {
      cwd: directory,
      env: environment,
      encoding: 'utf8',
    })
      .split('\n')
      .filter(Boolean)
  }

  test('knows commands, subcommands, options and choices', () => {
    expect(complete('orchestra sta')).toEqual(['status'])
    expect(complete('orchestra server ap')).toEqual(['approve'])
    expect(complete('orchestra up --mig')).toEqual(['--migrate-only'])
    expect(complete('orchestra completion f')).toEqual(['fish'])
  })

  test('offers names as they are, runs nothing in them, and leaves those out that would show as something else', () => {
    const offered = complete('orchestra server hold ')
    expect(offered).toEqual(expect.arrayContaining([...hostile, 'web1', 'of complete-names server']))
    expect(offered.filter((name) => name.startsWith('with'))).toEqual([])
    expect(complete('orchestra route add page of')).toEqual(['of complete-names server'])
    expect(existsSync(join(directory, 'ran'))).toBe(false)
  })
})

describe('names that a shell completes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-completion-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test.each(['server', 'backend', 'route'])('of a %s are found without running the configuration', (kind) => {
    writeFileSync(
      join(directory, 'orchestra.config.mjs'),
      `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(join(directory, 'ran'))}, '')\nexport default {}\n`,
    )
    const { DATABASE_URL: _, ...environment } = process.env
    const { status, stdout } = spawnSync(process.execPath, [command, 'complete-names', kind], {
      cwd: directory,
      env: environment,
      encoding: 'utf8',
    })
    expect(readdirSync(directory)).toEqual(['orchestra.config.mjs'])
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })
})

describe('an old Node', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-old-node-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('is told which one is needed', () => {
    const pretend = join(directory, 'old.cjs')
    writeFileSync(pretend, `Object.defineProperty(process.versions, 'node', { value: '14.21.3' })\n`)
    const environment = { ...process.env, ORCHESTRA_NODE_CHOSEN: '1' }
    const { status, stderr } = spawnSync(process.execPath, ['-r', pretend, command, 'status'], {
      encoding: 'utf8',
      env: environment,
    })
    expect(status).toBe(1)
    expect(stderr).toContain('error ORC_NODE_OUTDATED: Orchestra needs Node 22.18 or newer, this is 14.21.3')
  })

  test('gives way to the one of the project', () => {
    const pretend = join(directory, 'old.cjs')
    writeFileSync(pretend, `Object.defineProperty(process.versions, 'node', { value: '14.21.3' })\n`)
    const { ORCHESTRA_NODE_CHOSEN: _, ...environment } = process.env
    const { status, stdout } = spawnSync(process.execPath, ['-r', pretend, command, '--version'], {
      encoding: 'utf8',
      env: environment,
    })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
