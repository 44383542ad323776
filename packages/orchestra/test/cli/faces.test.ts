import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Act, Work } from '../../src/cli/command.ts'
import { createProgram } from '../../src/cli/program.ts'
import type { Session } from '../../src/cli/session.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import { checkInput } from '../../src/operate/check-input.ts'
import * as operate from '../../src/operate/index.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import { savedPlan, writePlan } from '../../src/plan/index.ts'

/** They write the first file, work, serve, and speak to a shell: nobody could ask for that from elsewhere. */
const besideVerbs = ['init', 'up', 'serve', 'completion']

const directory = mkdtempSync(join(tmpdir(), 'orchestra-faces-'))
const planFile = join(directory, 'plan.json')

beforeAll(() => writePlan(planFile, savedPlan([], { selector: {}, allowDeletes: undefined })))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const streams = () => ({ stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() })

/** A command that was understood is let go no further. */
class Asked extends Error {}

/** The verbs that the work of a command asks for, up to the first that it waits for; each has to take what it is given. */
function actInto(asked: string[]): Act {
  const run = async (verb: AnyVerb, given: unknown) => {
    checkInput(verb, given)
    asked.push(verb.name)
    throw new Asked()
  }
  const session = {
    terminal: new Terminal(streams(), { json: false, environment: {} }),
    options: {},
    config: async () => ({}),
    run,
    runAlone: run,
  } as unknown as Session
  return <Args extends unknown[]>(work: Work<Args>) =>
    async (...all: [...Args, Command]) => {
      await work(session, ...(all.slice(0, -1) as unknown as Args))
    }
}

function program(asked: string[]): Command {
  return createProgram(actInto(asked), streams())
}

function leaves(command: Command, path = ''): [path: string, examples: string[]][] {
  const visible = command.createHelp().visibleCommands(command)
  const below = command.commands.filter((one) => visible.includes(one))
  if (below.length === 0) return [[path, examplesOf(command)]]
  return below.flatMap((one) => leaves(one, `${path} ${one.name()}`.trim()))
}

function examplesOf(command: Command): string[] {
  let help = ''
  command.configureOutput({ writeOut: (part) => (help += part) })
  command.outputHelp()
  return [...help.matchAll(/^ {2}\$ orchestra (.*)$/gm)].map(([, line = '']) => line)
}

/** Words as a shell reads them, up to where another command or a file begins. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.split(/ \|\| |; | > /)
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((found) => found.slice(1).join(''))
  return words.map((word) => (word === 'tonight.json' ? planFile : word))
}

async function askedBy(line: string): Promise<string[]> {
  const asked: string[] = []
  await program(asked)
    .parseAsync(wordsOf(line), { from: 'user' })
    .catch((error: unknown) => {
      if (!(error instanceof Asked)) throw new Error(`orchestra ${line}`, { cause: error })
    })
  return asked
}

const all = leaves(program([])).filter(([path]) => !besideVerbs.includes(path))

describe.each(all)('orchestra %s', (_path, examples) => {
  test.each(examples)('asks for a verb, which takes what is typed: %s', async (line) => {
    expect(await askedBy(line)).toHaveLength(1)
  })
})

test('every verb has a face', () => {
  const cli = join(import.meta.dirname, '../../src/cli')
  const text = globSync('*.ts', { cwd: cli })
    .map((file) => readFileSync(join(cli, file), 'utf8'))
    .join('\n')
  const named = new Map(Object.entries(operate).map(([name, value]) => [value as unknown, name]))
  const without = operate.operations.filter((verb) => !new RegExp(`\\b${named.get(verb)}\\b`).test(text))
  expect(without.map(({ name }) => name)).toEqual([])
})
