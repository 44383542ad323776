import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Answers one declaration of a module of the package, with the comment that belongs to it. */
export type Declare = (module: string, name: string) => string

/** Lends what the modules of the package declare: types and comments, without what is inside of functions. */
export function withDeclarations<Result>(work: (declare: Declare) => Result): Result {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-reference-'))
  try {
    emitDeclarations(directory)
    return work((module, name) =>
      declarationIn(readFileSync(join(directory, `${module}.d.ts`), 'utf8'), name),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** An error of types elsewhere is for the checker to tell; the declarations are written all the same. */
function emitDeclarations(directory: string): void {
  const project = join(root, 'packages/orchestra/tsconfig.build.json')
  const words = ['-p', project, '--emitDeclarationOnly', '--outDir', directory]
  spawnSync(join(root, 'node_modules/.bin/tsc'), words, { stdio: 'ignore' })
}

function declarationIn(text: string, name: string): string {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => isDeclarationOf(line, name))
  if (start === -1) throw new Error(`Nothing declares ${name}`)
  return tidy([...commentBefore(lines, start), ...lines.slice(start, endFrom(lines, start))])
}

function isDeclarationOf(line: string, name: string): boolean {
  const words = /^export (?:declare )?(?:interface|class|function|type|const) (\w+)/.exec(line)
  return words?.[1] === name
}

/** The lines of the comment that ends right before a line. */
function commentBefore(lines: readonly string[], end: number): readonly string[] {
  if (!lines[end - 1]?.endsWith('*/')) return []
  const start = lines.slice(0, end).findLastIndex((line) => line.startsWith('/**'))
  return lines.slice(start, end)
}

/** A declaration ends with the first line that is not indented and closes what it opened. */
function endFrom(lines: readonly string[], start: number): number {
  const end = lines.findIndex(
    (line, index) => index >= start && /^(\S.*)?[;}]$/.test(line) && !/[{(]$/.test(line),
  )
  return end === -1 ? lines.length : end + 1
}

/** As this project writes code. */
function tidy(lines: readonly string[]): string {
  return lines
    .filter((line) => !/^\s*(#private;|private constructor\(.*\);)$/.test(line))
    .map((line) =>
      line
        .replace(/^export (declare )?/, '')
        .replace(/import\("[^"]*"\)\./g, '')
        .replace(/;$/, ''),
    )
    .map((line) => line.replace(/^(?: {4})+/, (indent) => ' '.repeat(indent.length / 2)))
    .join('\n')
}
