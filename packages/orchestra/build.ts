/**
 * Makes `dist/`, or the directory given, the package as it is published: JavaScript and types, because Node does not run
 * TypeScript from `node_modules`. Pack or publish that directory, never this one.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const own = import.meta.dirname
const root = join(own, '../..')
const target = resolve(process.argv[2] ?? join(own, 'dist'))

interface Manifest {
  exports: Record<string, string>
  [field: string]: unknown
}

function build(): void {
  rmSync(target, { recursive: true, force: true })
  compile()
  copyShellFiles()
  cpSync(join(own, 'bin'), join(target, 'bin'), { recursive: true })
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE']) cpSync(sourceOf(name), join(target, name))
  writeManifest()
}

/** What the package has of its own goes before what the repository has. */
function sourceOf(name: string): string {
  const path = join(own, name)
  return existsSync(path) ? path : join(root, name)
}

function compile(): void {
  const tsc = join(root, 'node_modules/.bin/tsc')
  const words = ['-p', join(own, 'tsconfig.build.json'), '--outDir', join(target, 'dist')]
  const { status } = spawnSync(tsc, words, { stdio: 'inherit' })
  if (status !== 0) throw new Error('The sources do not compile')
}

/** Scripts are read at run time from beside the module that needs them. */
function copyShellFiles(): void {
  for (const path of globSync('**/*.sh', { cwd: join(own, 'src') })) {
    const copy = join(target, 'dist', path)
    mkdirSync(dirname(copy), { recursive: true })
    cpSync(join(own, 'src', path), copy)
  }
}

function writeManifest(): void {
  const manifest: Manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'))
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([name, path]) => [name, builtExport(path)]),
  )
  const { scripts: _, ...published } = manifest
  writeFileSync(join(target, 'package.json'), `${JSON.stringify({ ...published, exports }, null, 2)}\n`)
}

/** Where an export of the sources stands once it is built. */
function builtExport(path: string): { types: string; default: string } {
  const built = path.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '')
  if (!existsSync(join(target, `${built}.js`))) throw new Error(`The export ${path} was not built`)
  return { types: `${built}.d.ts`, default: `${built}.js` }
}

build()
