import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'

export const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../../../..')
const copied = [
  'package.json',
  'tsconfig.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'packages/build.ts',
  'packages/pack.ts',
]
export const packages = ['orchestra', 'services']

/**
 * A copy of this repository with both packages, for `npm pack`: packing changes the manifest for a moment, and other tests import
 * these packages by it meanwhile.
 */
export function copyRepository(target: string): void {
  const left = new Set(['node_modules', 'dist', 'test', '.packing'])
  mkdirSync(join(target, 'packages'), { recursive: true })
  for (const path of copied) cpSync(join(root, path), join(target, path))
  for (const name of [...packages, 'console']) {
    const own = join('packages', name)
    cpSync(join(root, own), join(target, own), {
      recursive: true,
      filter: (path) => !left.has(basename(path)),
    })
    linkInstalled(target, own)
  }
  linkInstalled(target, '.')
}

/** npm installs into a package's own directory what another one needs in another version. */
function linkInstalled(target: string, own: string): void {
  const installed = join(root, own, 'node_modules')
  if (existsSync(installed)) symlinkSync(installed, join(target, own, 'node_modules'))
}

/** Packs one package as people do; answers the path of the tarball. */
export async function pack(repository: string, name: string): Promise<string> {
  const cwd = join(repository, 'packages', name)
  const { stdout } = await run('npm', ['pack', '--silent'], { cwd })
  return join(cwd, stdout.trim().split('\n').at(-1) ?? '')
}

/** An empty directory becomes a project with both packages, as npm makes it today. */
export async function createProject(directory: string, tarballs: readonly string[]): Promise<void> {
  mkdirSync(directory)
  await run('npm', ['init', '-y'], { cwd: directory })
  const words = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs]
  await run('npm', words, { cwd: directory })
}

/** Runs a program of the project as a file of that name; answers what it prints. */
export async function runProgram(directory: string, name: string, text: string): Promise<string> {
  writeFileSync(join(directory, name), text)
  const { stdout } = await run(process.execPath, [name], { cwd: directory })
  return stdout
}
