import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { difference, failure } from './failure.ts'

/** What golden files say about texts, one file each. Throws the differences; with `UPDATE_GOLDEN=1` it writes the files. */
export function compareWithGolden(directory: string, texts: ReadonlyMap<string, string>): void {
  const problems = [...texts].flatMap(([name, text]) =>
    compareOne(join(directory, `${fileName(name)}.sh`), text),
  )
  if (problems.length === 0) return
  throw failure(
    problems.join('\n'),
    'If this is what the backend should do, run it again with UPDATE_GOLDEN=1 and commit the files',
  )
}

function compareOne(path: string, text: string): string[] {
  const golden = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  if (golden === text) return []
  if (isAsked('UPDATE_GOLDEN') || (golden === undefined && !isAsked('CI'))) {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
    return []
  }
  if (golden === undefined) return [`There is no ${path}`]
  return [difference(path, ['golden', golden], ['rendered', text])]
}

function fileName(name: string): string {
  return name.replace(/[^\w.-]+/g, '-')
}

/** Whether a variable of the environment asks for something. */
export function isAsked(name: string): boolean {
  return !['', '0', 'false'].includes(process.env[name] ?? '')
}
