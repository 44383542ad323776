import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend } from '../config/backend.ts'
import { runProgram } from '../methods/index.ts'
import type { Recording } from '../script/index.ts'
import { record } from '../script/index.ts'
import type { Rendered } from '../script/rendered.ts'
import type { Step } from '../script/steps.ts'
import { failure } from './failure.ts'
import { isAsked } from './golden.ts'
import type { NamedScript } from './scripts.ts'

/** A command of a backend, and where it stands. */
export interface Snippet {
  where: string
  /** Masked: what shellcheck says repeats it. */
  text: string
}

/**
 * Values stand in single quotes, whatever is in them (2016), where shellcheck would expect variables (2041, 2043, 2050, 2157, 2194).
 * What a command reads may have been exported by its `env` (2154), and what it sources is on the server (1090, 1091).
 * `a && b || c` is meant: c is to run whichever of both fails (2015).
 */
const excluded = 'SC2016,SC2154,SC1090,SC1091,SC2041,SC2043,SC2050,SC2157,SC2194,SC2015'

/** Why there is no shellcheck, where that is no failure. */
export function missingShellcheck(wanted: 'required' | 'if-installed'): string | undefined {
  if (wanted === 'required' || isInstalled()) return undefined
  return 'shellcheck is not installed'
}

function isInstalled(): boolean {
  return (process.env.PATH ?? '').split(':').some((directory) => {
    try {
      accessSync(join(directory, 'shellcheck'), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** How strict `shellcheck` is where the caller does not say. */
export function usualShellcheck(): 'required' | 'if-installed' {
  return isAsked('CI') ? 'required' : 'if-installed'
}

/** Every command that a backend gives a shell, each once. To shellcheck a script's own lines are only quoted words. */
export function snippetsOf(backend: Backend, scripts: readonly NamedScript[]): Snippet[] {
  const { prepare, commit, list } = backend
  const shared = [
    ...(prepare === undefined
      ? []
      : commandsOf(
          'prepare',
          record('prepare', (script) => prepare(script)),
        )),
    ...(commit === undefined
      ? []
      : commandsOf(
          'commit',
          record('commit', (script) => commit(script)),
        )),
    ...(list === undefined ? [] : [{ where: 'list', text: list.rendered.masked }]),
  ]
  const own = scripts.flatMap(({ name, operation }) => commandsOf(name, operation.recording))
  const seen = new Set<string>()
  return [...shared, ...own].filter(({ text }) => !seen.has(text) && seen.add(text))
}

function commandsOf(where: string, recording: Recording): Snippet[] {
  const steps = recording.kind === 'recorded' ? recording.steps : []
  return steps.flatMap(commandsIn).flatMap(({ what, text }) => {
    return text === null
      ? []
      : [{ where: `${where}, ${what}`, text: typeof text === 'string' ? text : text.masked }]
  })
}

function commandsIn(step: Step): { what: string; text: Rendered | string | null }[] {
  switch (step.kind) {
    case 'run':
      return [
        { what: 'a command', text: step.command },
        { what: '`unless`', text: step.unless },
        { what: '`onlyIf`', text: step.onlyIf },
      ]
    case 'file':
      return [{ what: `the check of ${step.path}`, text: step.check }]
    case 'reload':
      return [{ what: `the ${step.verb} of ${step.service}`, text: step.command }]
    case 'trash':
      return [{ what: `the restore of ${step.path}`, text: step.restore }]
    default:
      return []
  }
}

/** Throws what shellcheck says. */
export function runShellcheck(snippets: readonly Snippet[]): void {
  if (snippets.length === 0) return
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-shellcheck-'))
  try {
    const paths = snippets.map(({ text }, index) => {
      const path = join(directory, `${index}.sh`)
      writeFileSync(path, `set -eu -o pipefail\n${text}\n`)
      return path
    })
    report(snippets, shellcheck(paths))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Remark {
  file: string
  line: number
  code: number
  message: string
}

function shellcheck(paths: readonly string[]): Remark[] {
  const options = ['--shell=bash', '--severity=info', `--exclude=${excluded}`, '--format=json']
  const { stdout, stderr, status, error } = runProgram(['shellcheck', ...options, ...paths])
  if (error !== undefined) throw failure(`shellcheck cannot be run: ${error.message}`, 'Install shellcheck')
  if (status !== 0 && status !== 1) throw failure(`shellcheck ended with ${status}: ${stderr}`)
  return JSON.parse(stdout) as Remark[]
}

function report(snippets: readonly Snippet[], remarks: readonly Remark[]): void {
  if (remarks.length === 0) return
  const lines = remarks.map(({ file, line, code, message }) => {
    const snippet = snippets[Number.parseInt(file.slice(file.lastIndexOf('/') + 1), 10)]
    const shown = snippet?.text.split('\n')[line - 2] ?? ''
    return `${snippet?.where}: SC${code}: ${message}\n  ${shown}`
  })
  throw failure(lines.join('\n'))
}
