import { readFileSync } from 'node:fs'
import { isInstalled, missingPackages } from './tools.ts'

export type Availability = { kind: 'available' } | { kind: 'unavailable'; reason: string }

/** Whether real hosts can be started on this machine, and if not, why. */
export function labAvailability(): Availability {
  const reason = obstacle()
  return reason === undefined ? { kind: 'available' } : { kind: 'unavailable', reason }
}

function obstacle(): string | undefined {
  if (process.platform !== 'linux') return `the lab needs Linux, this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'the lab needs root, to boot machines of its own'
  if (!hasOverlay()) return 'the kernel has no overlay file system'
  const missing = missingPackages()
  if (missing.length > 0 && !isInstalled('apt-get')) return `missing here: ${missing.join(', ')}`
  return undefined
}

function hasOverlay(): boolean {
  return readFileSync('/proc/filesystems', 'utf8').includes('\toverlay\n')
}
