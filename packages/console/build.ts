/**
 * Builds the console to where the server looks for it: `npm run console`. A build takes seconds, so nothing is built when packages are
 * installed, which may be without scripts or as somebody else: whoever needs the console asks for it, and gets what is there when
 * nothing has changed since.
 */
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const own = import.meta.dirname
const orchestra = join(own, '../orchestra')
const target = join(orchestra, 'dist/console')

/** Builds what is not built, or was built of older sources. */
export async function ensureConsole(): Promise<void> {
  if (isCurrent()) return
  // In a process of its own: what it sets is for the build alone.
  await promisify(execFile)(process.execPath, [import.meta.filename])
}

/** Beside where it belongs, and then there at once: whoever reads it meanwhile reads the whole of one build. */
async function buildConsole(): Promise<void> {
  // What runs tests says so to all that it starts, which would get the libraries' builds for development: twice as large.
  process.env.NODE_ENV = 'production'
  // Whoever only looks whether there is something to build need not wait for what builds.
  const { build } = await import('vite')
  const beside = `${target}-${process.pid}`
  mkdirSync(dirname(beside), { recursive: true })
  try {
    await build({ configFile: join(own, 'vite.config.ts'), build: { outDir: beside } })
    rmSync(target, { recursive: true, force: true })
    renameSync(beside, target)
  } finally {
    rmSync(beside, { recursive: true, force: true })
  }
}

function isCurrent(): boolean {
  const page = join(target, 'index.html')
  if (!existsSync(page)) return false
  const built = statSync(page).mtimeMs
  const client = join(orchestra, 'src/client')
  const sources = [
    ...globSync('{src/**,*.ts,*.html,*.json}', { cwd: own }).map((path) => join(own, path)),
    ...globSync('*.ts', { cwd: client }).map((path) => join(client, path)),
  ]
  return sources.every((path) => statSync(path).mtimeMs <= built)
}

if (import.meta.main) await buildConsole()
