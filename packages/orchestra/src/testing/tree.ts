import { type Command, sh } from '../script/index.ts'
import { runOn, type TestHost } from './host.ts'

/** What stands at a path, in words, and when it was written. */
interface Entry {
  what: string
  time: string
}

/** Everything below the directories that a host is watched at. */
export type Tree = ReadonlyMap<string, Entry>

/** A path with all below it, or a pattern that a path matches. */
export type PathPattern = string | RegExp

const start = 'orchestra-tree\0'

/** Scripts need a memory on the server; it is no part of what a backend does. */
const own =
  /(^|\/)\.orchestra-(state|trash)(\/|$)|^\/var\/lib\/orchestra(\/|$)|\/\.local(\/state(\/orchestra(\/|$)|$)|$)/

/** Looks at all files of a host: type, mode, owner, digest or target; and at what commands print. */
export async function treeOf(host: TestHost, commands: readonly Command[] = []): Promise<Tree> {
  const listing = await runOn(host, listCommand(host.watched))
  const [places = '', sums = ''] = listing.slice(listing.indexOf(start) + start.length).split('\0\0')
  const digests = new Map(sums.split('\0').map((line) => [line.slice(66), line.slice(0, 64)]))
  const fields = places.split('\0')
  const tree = new Map<string, Entry>()
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [head = '', path = ''] = fields.slice(at, at + 2)
    if (!own.test(path)) tree.set(path, entryOf(head, digests.get(path)))
  }
  for (const { rendered } of commands)
    tree.set(rendered.masked, { what: await runOn(host, rendered.reveal()), time: '' })
  return tree
}

function listCommand(watched: readonly string[]): string {
  const command = sh`directories=()
for directory in ${watched}; do [[ ! -e $directory ]] || directories+=("$directory"); done
printf 'orchestra-tree\0'
((\${#directories[@]})) || exit 0
find "\${directories[@]}" -printf '%y\t%m\t%u:%g\t%T@\t%l\0%p\0' 2>/dev/null || true
printf '\0'
{ find "\${directories[@]}" -type f -print0 || true; } 2>/dev/null | xargs -0 -r sha256sum -z -- 2>/dev/null || true`
  return command.rendered.reveal()
}

const types: Readonly<Record<string, string>> = { f: 'file', d: 'directory', l: 'link' }

function entryOf(head: string, digest: string | undefined): Entry {
  const [type = '', mode = '', owner = '', time = '', ...target] = head.split('\t')
  const content =
    type === 'l'
      ? ` to ${target.join('\t')}`
      : digest === undefined
        ? ''
        : ` with sha256 ${digest.slice(0, 16)}`
  const access = type === 'l' ? owner : `${mode} ${owner}`
  return { what: `${types[type] ?? type} ${access}${content}`, time }
}

export interface Comparison {
  /** Whether a path that was written again, the same, is a difference. Default no. */
  times?: boolean
  /** What may differ. */
  except?: readonly PathPattern[]
}

/** What differs between two trees, a line for each path: `- ` as it was, `+ ` as it is. Empty where nothing does. Pure. */
export function compareTrees(
  before: Tree,
  after: Tree,
  { times = false, except = [] }: Comparison = {},
): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths.flatMap((path) => {
    if (except.some((pattern) => matches(path, pattern))) return []
    const [was, is] = [before.get(path), after.get(path)]
    if (was?.what !== is?.what)
      return [...(was ? [`- ${path}: ${was.what}`] : []), ...(is ? [`+ ${path}: ${is.what}`] : [])]
    return times && was?.time !== is?.time ? [`~ ${path}: was written again`] : []
  })
}

function matches(path: string, pattern: PathPattern): boolean {
  if (pattern instanceof RegExp) return path.search(pattern) !== -1
  return path === pattern || path.startsWith(`${pattern}/`)
}
