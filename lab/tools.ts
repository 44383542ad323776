import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.ts'
import { withLock } from './lock.ts'
import { runRoot } from './run-directory.ts'

/** Programs of this machine that the lab calls, and the Debian package that brings each. */
const packageOfTool: Readonly<Record<string, string>> = {
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  tc: 'iproute2',
  flock: 'util-linux',
  nsenter: 'util-linux',
  perl: 'perl',
  'ssh-keygen': 'openssh-client',
}

export function isInstalled(tool: string): boolean {
  const directories = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
  return directories.some((directory) => isExecutable(join(directory, tool)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Debian packages that have to be installed before a lab can start here. */
export function missingPackages(): string[] {
  const missing = Object.entries(packageOfTool).filter(([tool]) => !isInstalled(tool))
  return [...new Set(missing.map(([, name]) => name))]
}

/**
 * Installs what is missing; this machine is changed, which is why only root ever gets here. One process at a time: apt waits for a
 * lock of dpkg, but gives up at once where another updates its lists.
 */
export async function installTools(progress: (line: string) => void): Promise<void> {
  if (missingPackages().length === 0) return
  await withLock(join(runRoot, 'tools.lock'), async () => {
    const packages = missingPackages()
    if (packages.length > 0) await install(packages, progress)
  })
}

async function install(packages: readonly string[], progress: (line: string) => void): Promise<void> {
  progress(`installing ${packages.join(', ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-q'], { env })
  const patience = ['-o', 'DPkg::Lock::Timeout=300']
  await run('apt-get', [...patience, 'install', '-q', '-y', '--no-install-recommends', ...packages], { env })
}
