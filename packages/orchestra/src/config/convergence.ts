import type { Backend } from './backend.ts'

/** Something of a backend that cannot be meant so. */
export interface Contradiction {
  what: string
  hint: string
}

/** The first thing that does not fit together in what a backend says of renames, moves, removal and drift. */
export function contradictionOf(backend: Backend): Contradiction | undefined {
  for (const find of [unknownPolicy, besideSync, aboutRenames, aboutMoves, aboutFound]) {
    const found = find(backend)
    if (found !== undefined) return found
  }
  return undefined
}

const policies = {
  onRename: ['replace', 'keep', 'refuse'],
  onMove: ['keep', 'remove', 'migrate'],
  onDrift: ['report', 'repair'],
  onBroken: ['disable', 'keep'],
} as const

function unknownPolicy(backend: Backend): Contradiction | undefined {
  for (const [name, known] of Object.entries(policies) as [keyof typeof policies, readonly string[]][]) {
    const given = backend[name]
    if (given === undefined || known.includes(given)) continue
    return { what: `\`${name}\` is ${JSON.stringify(given)}`, hint: `It can be ${listOf(known)}` }
  }
  return undefined
}

/** A configuration that is written as a whole has no single objects to treat. */
const notBesideSync = [
  'save',
  'delete',
  'actions',
  'rename',
  'park',
  'onRename',
  'transfer',
  'interpreter',
  'list',
  'read',
  'prune',
] as const

function besideSync(backend: Backend): Contradiction | undefined {
  if (backend.sync === undefined) return undefined
  const other = notBesideSync.find((name) => backend[name] !== undefined)
  if (other === undefined) return undefined
  return {
    what: `\`${other}\` stands beside \`sync\``,
    hint: '`sync` writes the whole configuration of a server; make two backends of it',
  }
}

function aboutRenames({ rename, park, onRename, save, delete: remove }: Backend): Contradiction | undefined {
  if (park !== undefined && rename === undefined)
    return {
      what: 'it has `park` without `rename`',
      hint: 'Where `save` replaces what is there, take `park` away',
    }
  if (rename !== undefined && save === undefined)
    return { what: 'it has `rename` without `save`', hint: 'After `rename`, `save` makes the rest true' }
  if (rename !== undefined && onRename !== undefined)
    return { what: '`onRename` stands beside `rename`', hint: 'Take one of them away' }
  if (onRename === 'replace' && remove === undefined)
    return { what: '`onRename` is "replace" without `delete`', hint: 'Define `delete`, or choose "keep"' }
  return undefined
}

function aboutMoves({ onMove, transfer, delete: remove, sync }: Backend): Contradiction | undefined {
  if (onMove === 'migrate' && transfer === undefined)
    return {
      what: '`onMove` is "migrate" without `transfer`',
      hint: 'Say in `transfer` how its data travels',
    }
  if ((onMove === 'migrate' || onMove === 'remove') && remove === undefined && sync === undefined)
    return { what: `\`onMove\` is "${onMove}" without \`delete\``, hint: 'Define `delete`, or choose "keep"' }
  return undefined
}

function aboutFound({ list, read, prune, ignore }: Backend): Contradiction | undefined {
  // Configurations are not always checked for types, and what is no command would pass for an empty list.
  if (list !== undefined && list.rendered === undefined)
    return { what: '`list` is no command', hint: 'Write it as list: sh`ls /etc/...`' }
  if (list !== undefined) return undefined
  const given = { prune, read, 'ignore.found': ignore?.found }
  const [name] = Object.entries(given).find(([, value]) => value !== undefined) ?? []
  if (name === undefined) return undefined
  return { what: `it has \`${name}\` without \`list\``, hint: '`list` tells what a server has' }
}

function listOf(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ')
}
