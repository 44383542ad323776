import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { fileNames } from '../config/load.ts'
import { moduleKindIn } from '../config/module-kind.ts'
import { OrchestraError } from '../errors.ts'
import { type Act, withExamples } from './command.ts'
import { firstConfig, firstTable } from './init-config.ts'
import type { Ending, Session } from './session.ts'

export function addInitCommand(program: Command, act: Act): void {
  const init = program
    .command('init')
    .description(`Write an orchestra.config.ts that runs, here; never over one that is there`)
    .action(act(initCommand))
  withExamples(init, 'init')
}

async function initCommand({ terminal, directory }: Session): Promise<Ending> {
  const there = fileNames.map((name) => join(directory, name)).find((path) => existsSync(path))
  const path = there ?? join(directory, fileNameIn(directory))
  writeNew(path)
  terminal.tell({ written: path }, `${path} is written. Next:`, ...nextSteps.map((step) => `  ${step}`))
  return 'done'
}

/** A project that npm makes is CommonJS, where only this ending makes a module of TypeScript. */
function fileNameIn(directory: string): string {
  return `orchestra.config.${moduleKindIn(directory) === 'commonjs' ? 'mts' : 'ts'}`
}

function writeNew(path: string): void {
  try {
    writeFileSync(path, firstConfig, { flag: 'wx' })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    if (!exists) throw cause
    throw new OrchestraError('ORC_USAGE', `${path} is there already; it is left as it is`, {
      hint: 'Remove it first to begin anew',
      cause,
    })
  }
}

const nextSteps: readonly string[] = [
  'npm install orchestrajs zod',
  'npx orchestra up --port 5544          # leave it running; give DATABASE_URL to use a Postgres of your own',
  `psql postgresql://postgres@127.0.0.1:5544/postgres -c '${firstTable}'`,
  'mkdir /tmp/orchestra-first',
  'npx orchestra server add here --method local --directory /tmp/orchestra-first',
  'npx orchestra route add page here',
  `psql postgresql://postgres@127.0.0.1:5544/postgres -c "insert into site (domain, title) values ('a.example', 'Hello')"`,
  'cat /tmp/orchestra-first/sites/a.example.html',
]
