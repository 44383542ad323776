import { readFileSync } from 'node:fs'

/** A shell file of this folder without what only its readers need: comments, indentation, empty lines. */
export function readShell(name: string): string {
  return withoutComments(readText(name))
}

/** The same in pieces: each of its functions by name, and what stands outside of them. */
export function readFunctions(name: string): { functions: Map<string, string>; rest: string } {
  const functions = new Map<string, string>()
  const rest = readText(name).replaceAll(/^(o_\w+)\(\) \{\n.*?^\}$/gms, (text, called: string) => {
    functions.set(called, withoutComments(text))
    return ''
  })
  return { functions, rest: withoutComments(rest) }
}

function readText(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}

function withoutComments(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('\n')
}
