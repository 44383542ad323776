import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

/** A file of the console as it is sent. */
export interface BuiltFile {
  type: string
  bytes: Buffer
  /** The same compressed, where that is worth it. */
  gzipped: Buffer | undefined
}

/** The console as `packages/console` builds it. */
export interface BuiltConsole {
  page: string
  /** By their names below `assets/`. */
  assets: ReadonlyMap<string, BuiltFile>
}

/** Beside the sources while one works on them, and in the package as it is published. */
const directory = join(import.meta.dirname, '../../dist/console')

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

let found: BuiltConsole | undefined

/** What was built; undefined as long as nothing was. What is there once is kept: a server sends what fits together. */
export function builtConsole(): BuiltConsole | undefined {
  found ??= readConsole()
  return found
}

/**
 * All files are read and kept by name, so that no name in a request can lead to anything else of the machine.
 */
function readConsole(): BuiltConsole | undefined {
  try {
    const page = readFileSync(join(directory, 'index.html'), 'utf8')
    const names = new Set(readdirSync(join(directory, 'assets')))
    const sent = [...names].filter((name) => extname(name) in types)
    return { page, assets: new Map(sent.map((name) => [name, readBuilt(name, names)])) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function readBuilt(name: string, names: ReadonlySet<string>): BuiltFile {
  const read = (own: string) => readFileSync(join(directory, 'assets', own))
  const gzipped = names.has(`${name}.gz`) ? read(`${name}.gz`) : undefined
  return { type: types[extname(name)] ?? '', bytes: read(name), gzipped }
}
