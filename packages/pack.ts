/**
 * What `npm pack` and `npm publish` do before and after, in the package's directory: `begin` builds it and makes its directory look
 * as it is published, `end` puts back what is worked with. The sources are what its own tests and its neighbours import, so the two
 * cannot be one manifest. Its scripts stay, so that the next pack undoes one that was interrupted.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildPackage } from './build.ts'

const own = resolve('.')
const manifestPath = join(own, 'package.json')
/** Holds what is put back. */
const aside = join(own, '.packing')
const fromRepository = ['CHANGELOG.md', 'LICENSE']

interface Manifest {
  exports: Record<string, string>
  [field: string]: unknown
}

function begin(): void {
  end()
  buildPackage(own)
  mkdirSync(aside)
  cpSync(manifestPath, join(aside, 'package.json'))
  for (const name of fromRepository) cpSync(join(own, '../..', name), join(own, name))
  const manifest: Manifest = JSON.parse(readFileSync(manifestPath, 'utf8'))
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([name, path]) => [name, builtExport(path)]),
  )
  writeFileSync(manifestPath, `${JSON.stringify({ ...manifest, exports }, null, 2)}\n`)
}

function end(): void {
  if (!existsSync(join(aside, 'package.json'))) return
  for (const name of fromRepository) rmSync(join(own, name), { force: true })
  renameSync(join(aside, 'package.json'), manifestPath)
  rmSync(aside, { recursive: true })
}

/** Where an export of the sources stands once it is built. */
function builtExport(path: string): { types: string; default: string } {
  const built = path.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '')
  if (!path.includes('*') && !existsSync(join(own, `${built}.js`)))
    throw new Error(`The export ${path} was not built`)
  return { types: `${built}.d.ts`, default: `${built}.js` }
}

const steps: Record<string, () => void> = { begin, end }
const step = steps[process.argv[2] ?? '']
if (step === undefined) throw new Error('Say begin or end')
step()
