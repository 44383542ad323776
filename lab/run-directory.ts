import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { LabError } from './command.ts'

/** Where every lab of this machine keeps what it needs while it runs. */
export const runRoot = '/run/orchestra-lab'

/** A process, told apart from a later one that got the same id. */
export interface Owner {
  pid: number
  startedAt: string
  boot: string
}

/** One host as written down at the start, enough to find and end it from any process. */
export interface HostRecord {
  name: string
  address: string
  machine: string
  directory: string
}

/** A running lab, as other processes read it. */
export interface LabRecord {
  /** Number of the run; names its bridge, its subnet and its directory. */
  slot: number
  /** Whose lab it is; null for one that outlives the command that started it. */
  owner: Owner | null
  hosts: readonly HostRecord[]
}

const highestSlot = 250

export function slotDirectory(slot: number): string {
  return join(runRoot, `lab-${slot}`)
}

/** Takes a free slot: a directory appears with its record inside, or not at all. */
export function claimSlot(owner: Owner | null, names: readonly string[]): LabRecord {
  for (let slot = 0; slot <= highestSlot; slot++) {
    if (isSubnetTaken(slot)) continue
    const record = { slot, owner, hosts: names.map((name, index) => hostRecord(slot, name, index)) }
    if (claim(record)) return record
  }
  throw new LabError('Every slot for a lab is taken', 'Run `npm run lab -- clean`')
}

function isSubnetTaken(slot: number): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.some(({ address }) => address.startsWith(`${subnet(slot)}.`))
}

function hostRecord(slot: number, name: string, index: number): HostRecord {
  return {
    name,
    address: `${subnet(slot)}.${11 + index}`,
    machine: `o${slot}-${name}`,
    directory: join(slotDirectory(slot), name),
  }
}

/** First three bytes of the run's private network. */
export function subnet(slot: number): string {
  return `10.213.${slot}`
}

/** Gives a slot back. Its directory vanishes at once, as it appeared, so that none is ever seen without its record. */
export function freeSlot(slot: number): void {
  const beside = besideSlots(slot)
  try {
    renameSync(slotDirectory(slot), beside)
  } catch {
    // Another cleaner freed it.
    return
  }
  rmSync(beside, { recursive: true })
}

/** Removes what processes left behind that died while they claimed or freed a slot. */
export function removeDebris(): void {
  for (const name of readdirSync(runRoot)) {
    const pid = /^\.(\d+)-\d+$/.exec(name)?.[1]
    if (pid !== undefined && startTime(Number(pid)) === undefined) {
      rmSync(join(runRoot, name), { recursive: true, force: true })
    }
  }
}

function besideSlots(slot: number): string {
  return join(runRoot, `.${process.pid}-${slot}`)
}

function claim(record: LabRecord): boolean {
  const target = slotDirectory(record.slot)
  if (existsSync(target)) return false
  const beside = besideSlots(record.slot)
  mkdirSync(beside, { recursive: true, mode: 0o700 })
  writeFileSync(join(beside, 'lab.json'), JSON.stringify(record))
  try {
    renameSync(beside, target)
    return true
  } catch {
    // Somebody else's rename came first: a directory never replaces one that holds files.
    rmSync(beside, { recursive: true })
    return false
  }
}

/** Every lab of this machine, whoever started it. */
export function listLabs(): LabRecord[] {
  if (!existsSync(runRoot)) return []
  return readdirSync(runRoot)
    .filter((name) => name.startsWith('lab-'))
    .map((name) => readRecord(join(runRoot, name, 'lab.json')))
    .filter((record) => record !== undefined)
}

function readRecord(path: string): LabRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LabRecord
  } catch {
    // It was taken down while we were looking.
    return undefined
  }
}

export function thisProcess(): Owner {
  return { pid: process.pid, startedAt: startTime(process.pid) ?? '', boot: bootId() }
}

export function isAlive(owner: Owner): boolean {
  return owner.boot === bootId() && startTime(owner.pid) === owner.startedAt
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** Clock ticks after boot at which the process began: with its id, the only safe name of a process. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name stands in parentheses and may hold anything.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : fields[18]
  } catch {
    return undefined
  }
}
