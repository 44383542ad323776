import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { LabError } from './command.ts'
import { aptProxy, readDebianSource } from './debian-source.ts'
import { buildScript, type Recipe, recipeFor } from './recipe.ts'

export const cacheDirectory = new URL('.cache', import.meta.url).pathname

/** The base of the current recipe, built if it is not there. Builds of several processes wait for each other. */
export async function ensureBase(progress: (line: string) => void): Promise<string> {
  const recipe = recipeFor(readDebianSource())
  const base = join(cacheDirectory, `base-${recipe.hash}`)
  if (existsSync(base)) return base
  mkdirSync(cacheDirectory, { recursive: true })
  progress(`building the base ${basename(base)}, once for this recipe; about a minute`)
  await build(base, recipe, progress)
  return base
}

async function build(base: string, recipe: Recipe, progress: (line: string) => void): Promise<void> {
  const { uri, suite, components, keyring } = recipe.source
  const args = [base, uri, suite, components.join(','), recipe.packages.join(','), keyring ?? '']
  const proxy = await aptProxy()
  // The kernel frees this lock when its holder dies, however it dies.
  const child = spawn('flock', [join(cacheDirectory, 'build.lock'), 'bash', buildScript, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(proxy === undefined ? {} : { http_proxy: proxy }) },
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const lastLines: string[] = []
  const report = (line: string) => {
    lastLines.push(line)
    if (lastLines.length > 20) lastLines.shift()
    progress(line)
  }
  createInterface({ input: child.stdout }).on('line', report)
  createInterface({ input: child.stderr }).on('line', report)
  const code = await ended
  if (code !== 0) throw new LabError(`The base could not be built (${code}):\n${lastLines.join('\n')}`)
}

/** Bases of earlier recipes; only `clean` removes them, because a running lab may still stand on one. */
export function removeOldBases(): string[] {
  if (!existsSync(cacheDirectory)) return []
  const current = `base-${recipeFor(readDebianSource()).hash}`
  const old = readdirSync(cacheDirectory).filter((name) => name.startsWith('base-') && name !== current)
  for (const name of old) rmSync(join(cacheDirectory, name), { recursive: true })
  return old
}
