import { often } from './often.ts'
import { quoteArgument } from './sh.ts'
import { readFunctions } from './shell-file.ts'

/** Where the functions are that every script can call: a file for each duty. */
export const preludeFiles = [
  'ground.sh',
  'place.sh',
  'look.sh',
  'run.sh',
  'report.sh',
  'operations.sh',
  'files.sh',
  'errands.sh',
  'into-trash.sh',
  'settle.sh',
  'checks.sh',
  'standing.sh',
  'reloads.sh',
  'own.sh',
]

/**
 * What stands in front of a script, and what stands behind it. Bash takes longer to read all functions than most scripts
 * take to run. So those that few scripts need stand behind the end, where nothing is read; the first call of one reads it.
 */
interface Prelude {
  front: string
  behind: string
}

let cached: Prelude | undefined

/** A script that can call the prelude's functions, and those of `more`; `end` is the line that proves that it is whole. */
export function withPrelude(body: string, end: string, more: readonly string[] = []): string {
  const { front, behind } = readPrelude()
  return [takenOf(behind, end), front, ...more, body, 'exit', `${behind}\n${end}\n`].join('\n')
}

/** The bootstrap has the script in o_script. What is taken of it is counted from its end, and is ASCII. */
function takenOf(behind: string, end: string): string {
  return `o_seldom=\${o_script: -${`${behind}\n${end}\n`.length}:${behind.length}}`
}

/** A script in two parts: what a bash may have from an earlier one, and what it needs besides that. */
export interface Grounded {
  ground: Uint8Array
  rest: readonly Uint8Array[]
}

/** Parts a script that `withPrelude` made; null where somebody else made it. */
export function parted(script: Uint8Array, end: string): Grounded | null {
  const { front, behind } = readPrelude()
  const before = Buffer.from(`${takenOf(behind, end)}\n${front}\n`)
  const after = Buffer.from(`exit\n${behind}\n${end}\n`)
  const body = script.subarray(before.length, script.length - after.length)
  const isOurs =
    script.length >= before.length + after.length &&
    before.equals(script.subarray(0, before.length)) &&
    after.equals(script.subarray(-after.length))
  if (!isOurs) return null
  ground ??= Buffer.from(`o_seldom=${quoteArgument(behind)}\n${front}\n`)
  return { ground, rest: [body, Buffer.from(`exit\n${end}\n`)] }
}

let ground: Buffer | undefined

export function readPrelude(): Prelude {
  cached ??= arrange()
  return cached
}

function arrange(): Prelude {
  const read = preludeFiles.map(readFunctions)
  const functions = new Map(read.flatMap(({ functions }) => [...functions]))
  const front = [...read.map(({ rest }) => rest).filter((rest) => rest !== ''), loading]
  let behind = ''
  for (const group of groupsOf(functions)) {
    const text = `${group.map((name) => functions.get(name)).join('\n')}\n`
    front.push(
      ...group.map((name) => `${name}() { o_load ${name} ${behind.length} ${text.length}; ${name} "$@"; }`),
    )
    behind += text
  }
  const atHand = [...functions].filter(([name]) => often.has(name)).map(([, text]) => text)
  return { front: [...front, ...atHand].join('\n'), behind: `${behind}:` }
}

/** Takes the place of a function until it is called. One that is not there any more then is no endless loop. */
const loading = `o_load() {
unset -f "$1"
eval "\${o_seldom:$2:$3}"
}`

/** The functions that stand behind; those that are called from one group alone come with it. */
function groupsOf(functions: ReadonlyMap<string, string>): string[][] {
  const callers = callersOf(functions)
  const seldom = [...functions.keys()].filter((name) => !often.has(name))
  const groups = new Map(seldom.map((name) => [name, name]))
  for (let before = 0; before !== new Set(groups.values()).size; ) {
    before = new Set(groups.values()).size
    for (const name of new Set(groups.values())) join(groups, name, callers.get(name) ?? [])
  }
  return [...Map.groupBy(seldom, (name) => groups.get(name)).values()]
}

/** A group becomes a part of the one that has all callers of its first function. */
function join(groups: Map<string, string>, first: string, callers: readonly string[]): void {
  const [into, ...others] = new Set(
    callers.map((caller) => groups.get(caller)).filter((group) => group !== first),
  )
  if (into === undefined || others.length > 0) return
  for (const [name, group] of groups) if (group === first) groups.set(name, into)
}

/** Who else names a function, as a command and not as a variable. */
function callersOf(functions: ReadonlyMap<string, string>): Map<string, string[]> {
  const callers = new Map<string, string[]>()
  for (const [caller, text] of functions) {
    const named = new Set(Array.from(text.matchAll(/(?<![$\w{])o_\w+(?![\w=[}]|\+=)/g), ([name]) => name))
    for (const name of named) callers.set(name, [...(callers.get(name) ?? []), caller])
  }
  return callers
}
