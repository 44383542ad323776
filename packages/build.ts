/**
 * Makes `dist/` of the package in the current directory: JavaScript and types, because Node does not run TypeScript from
 * `node_modules`. What another package of this repository offers is taken as it is published, so that one is built first.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const packages = import.meta.dirname

interface Manifest {
  name: string
  dependencies?: Record<string, string>
}

/** What serves the console has it in its package. */
const SERVER = 'orchestrajs'

export function buildPackage(own: string): void {
  for (const other of packagesOf(own)) buildPackage(other)
  rmSync(join(own, 'dist'), { recursive: true, force: true })
  compile(own)
  copyFilesAsTheyAre(own)
  if (readManifest(own).name === SERVER) addConsole()
}

/** Packages of this repository that one depends on. */
function packagesOf(own: string): string[] {
  const needed = Object.keys(readManifest(own).dependencies ?? {})
  return globSync('*/package.json', { cwd: packages })
    .map((path) => join(packages, dirname(path)))
    .filter((directory) => needed.includes(readManifest(directory).name))
}

function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
}

function compile(own: string): void {
  const tsc = join(packages, '../node_modules/.bin/tsc')
  const { status } = spawnSync(tsc, ['-p', join(own, 'tsconfig.build.json')], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`The sources of ${own} do not compile`)
}

/** What servers and browsers run is read at run time from beside the module that needs it. */
function copyFilesAsTheyAre(own: string): void {
  for (const path of globSync('**/*.{sh,browser.js}', { cwd: join(own, 'src') })) {
    const copy = join(own, 'dist', path)
    if (!existsSync(dirname(copy))) mkdirSync(dirname(copy), { recursive: true })
    cpSync(join(own, 'src', path), copy)
  }
}

/** In a process of its own: it waits for nothing else. */
function addConsole(): void {
  const { status } = spawnSync(process.execPath, [join(packages, 'console/build.ts')], { stdio: 'inherit' })
  if (status !== 0) throw new Error('The console cannot be built')
}

if (import.meta.main) buildPackage(resolve('.'))
