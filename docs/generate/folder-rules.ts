import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const source = 'packages/orchestra/src'

/** What each folder may not import, for the linter: the table of CONTRIBUTING in its words. */
export const folderRulesPath = join(root, 'biome.folders.json')

/** Of these, others may use more than their `index.ts` offers. */
const open = new Set([
  ...['store', 'secrets', 'script', 'config', 'methods', 'operations', 'logs', 'server', 'request'],
  ...['collector', 'recording'],
])

/** Folders in the order of the table: each may use those before it. */
export function foldersInOrder(): string[] {
  return readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| `(packages\/orchestra\/src|\.\.\.)\//.test(line))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/\/(\w+)`/g)].map(([, name]) => name ?? ''))
}

export function foldersThere(): string[] {
  return globSync(`${source}/*/`, { cwd: root }).map((path) => path.split('/').at(-1) ?? '')
}

export function generateFolderRules(): string {
  const order = foldersInOrder()
  const overrides = [
    override(`${source}/{errors,options}.ts`, [below(order)]),
    ...order.map((folder, rank) =>
      override(`${source}/${folder}/**`, [
        below([...order.slice(rank + 1), 'orchestra.ts']),
        inside(order.slice(0, rank).filter((one) => !open.has(one))),
      ]),
    ),
  ]
  return `{ "overrides": [\n${overrides.map((one) => JSON.stringify(one)).join(',\n')}\n] }\n`
}

interface Restriction {
  group: string[]
  message: string
}

function below(names: readonly string[]): Restriction {
  return {
    group: names.map((name) => (name.endsWith('.ts') ? `**/${name}` : `**/${name}/**`)),
    message: "It stands below this folder in CONTRIBUTING's table: what both need belongs above both.",
  }
}

function inside(names: readonly string[]): Restriction {
  return {
    group: names.flatMap((name) => [`**/${name}/**`, `!**/${name}/index.ts`]),
    message: 'Import what the folder offers in its index.ts.',
  }
}

function override(includes: string, restrictions: readonly Restriction[]) {
  const patterns = restrictions.filter(({ group }) => group.length > 0)
  const noRestrictedImports = { level: 'error', options: { patterns } }
  return { includes: [includes], linter: { rules: { style: { noRestrictedImports } } } }
}
