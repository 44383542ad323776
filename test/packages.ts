import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** Programs that tests run beside those that the lab installs itself, and the Debian package that brings each. */
const packageOfTool: Readonly<Record<string, string>> = {
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  sudo: 'sudo',
  pgrep: 'procps',
  flock: 'util-linux',
  python3: 'python3-minimal',
  shellcheck: 'shellcheck',
  psql: 'postgresql-client',
  pgbouncer: 'pgbouncer',
  promtool: 'prometheus',
  zsh: 'zsh',
  fish: 'fish',
  tcsh: 'tcsh',
  chromium: 'chromium',
}

/** Debian packages of programs that are not here. */
export function missingPackages(): string[] {
  const missing = Object.entries(packageOfTool).filter(([tool]) => !isInstalled(tool))
  return [...new Set(missing.map(([, name]) => name))]
}

/** Installs packages with apt; answers whether that worked. Services that they bring are not started. */
export function installPackages(packages: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = (...words: string[]) =>
    spawnSync('apt-get', ['-q', ...words], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  const patience = 'DPkg::Lock::Timeout=300'
  return apt('update') && apt('-o', patience, 'install', '-y', '--no-install-recommends', ...packages)
}

function isInstalled(tool: string): boolean {
  const directories = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
  return directories.some((directory) => {
    try {
      accessSync(join(directory, tool), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
