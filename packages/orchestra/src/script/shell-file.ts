import { readFileSync } from 'node:fs'

/** A shell file of this folder without what only its readers need: comments, indentation, empty lines. */
export function readShell(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('\n')
}
