import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What a file holds that somebody spoiled: its text, or where it leads. */
export const spoils = ['damaged', '-> /nowhere'] as const

/** A directory that plays a server: what happens to its disk behind Orchestra's back. */
export class Disk {
  readonly path: string
  /** What other people put there, by path. */
  readonly strangers = new Map<string, string>()
  #wiped = 0

  constructor(path: string) {
    this.path = path
  }

  /** Everything is gone at once, what Orchestra remembers there too. */
  async wipe(): Promise<void> {
    const old = `${this.path}.wiped-${++this.#wiped}`
    await rename(this.path, old)
    // A script that runs meanwhile may have made it again.
    await mkdir(this.path, { recursive: true })
    this.strangers.clear()
    await removeBusy(old)
  }

  async addStranger(path: string): Promise<void> {
    const content = `of somebody else: ${path}`
    const full = join(this.path, path)
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, content)
    this.strangers.set(path, content)
  }

  /** Spoils the n-th of the files of a backend; answers whether there was one. */
  async damage(directory: string, how: 'edit' | 'remove' | 'link' | 'chmod', at: number): Promise<boolean> {
    const found = Object.keys(await this.files())
    const ours = found.filter((path) => path.startsWith(`${directory}/`) && !this.strangers.has(path))
    const target = ours.filter((path) => !path.endsWith('/precious'))[at % Math.max(1, ours.length)]
    if (target === undefined) return false
    return spoil(join(this.path, target), how).then(
      () => true,
      () => false,
    )
  }

  /** Regular files and links below it by path, without those that Orchestra keeps for itself. */
  async files(): Promise<Record<string, string>> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true }).catch(() => [])
    const files: Record<string, string> = {}
    for (const entry of entries) {
      if (entry.isDirectory()) continue
      const full = join(entry.parentPath, entry.name)
      const path = full.slice(this.path.length + 1)
      if (!isOrchestras(path)) files[path] = await contentOf(full)
    }
    return files
  }

  /** Everything with inode, mode and times: equal only if nothing was written. */
  async prints(): Promise<Record<string, string>> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true })
    const prints: Record<string, string> = {}
    for (const entry of entries) {
      const full = join(entry.parentPath, entry.name)
      const path = full.slice(this.path.length + 1)
      if (isOrchestras(path)) continue
      const { mode, ino, mtimeNs, ctimeNs } = await lstat(full, { bigint: true })
      prints[path] = [mode.toString(8), ino, mtimeNs, ctimeNs].join(' ')
    }
    return prints
  }
}

function isOrchestras(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.orchestra'))
}

async function spoil(path: string, how: 'edit' | 'remove' | 'link' | 'chmod'): Promise<void> {
  if (how === 'chmod') return chmod(path, 0o604)
  if (how === 'edit') return writeFile(path, spoils[0])
  await rm(path)
  if (how === 'link') await symlink('/nowhere', path)
}

async function contentOf(path: string): Promise<string> {
  const content = await readFile(path, 'utf8').catch(
    async () => `-> ${await readlink(path).catch(() => 'gone')}`,
  )
  return content
}

/** A script that still runs there may write while it is removed. */
async function removeBusy(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 })
}
