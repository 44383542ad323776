import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
} from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const NAME = 'orchestra-test-'
/** Bytes: two files of tests at once with their databases and servers take a fraction of it. */
const ENOUGH = 6 * 2 ** 30
/** From linux/magic.h. */
const TMPFS_MAGIC = 0x01021994

/**
 * Vitest runs this once around all files of a run. Temporary directories lie in memory where there is room for them: of a database's
 * thousand files a copy takes 0.08 s there, and 0.6 s of the kernel's time on a disk (ext4).
 */
export default function scratch(): () => void {
  if (!hasRoom()) return () => {}
  removeLeftovers()
  const place = mkdtempSync(join(MEMORY, `${NAME}${process.pid}-`))
  // Whoever runs Postgres for root must reach what lies in it.
  chmodSync(place, 0o711)
  const before = process.env.TMPDIR
  process.env.TMPDIR = place
  return () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(place, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** What a run that was killed left there would take memory until the machine is started anew. */
function removeLeftovers(): void {
  for (const name of readdirSync(MEMORY)) {
    const owner = new RegExp(`^${NAME}(\\d+)-`).exec(name)?.[1]
    if (owner !== undefined && !existsSync(`/proc/${owner}`))
      rmSync(join(MEMORY, name), { recursive: true, force: true })
  }
}

function hasRoom(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { type, bavail, bsize } = statfsSync(MEMORY)
    return type === TMPFS_MAGIC && runsPrograms() && bavail * bsize >= ENOUGH && freemem() >= ENOUGH
  } catch {
    return false
  }
}

/** Scripts and daemons are started from there. */
function runsPrograms(): boolean {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
  const options = mounts.findLast(([, where]) => where === MEMORY)?.[3] ?? 'noexec'
  return !options.split(',').includes('noexec')
}
