import { join } from 'node:path'
import { labAvailability } from './available.ts'
import { ensureBase } from './base.ts'
import { createBridge } from './bridge.ts'
import { LabError } from './command.ts'
import { mountDisk } from './disk.ts'
import { LabHost } from './host.ts'
import { boot } from './machine.ts'
import { makeKey, prepareHost } from './prepare-host.ts'
import { claimSlot, type LabRecord, listLabs, slotDirectory, thisProcess } from './run-directory.ts'
import { removeLeftovers, tearDown } from './teardown.ts'
import { installTools } from './tools.ts'

export { type Availability, labAvailability } from './available.ts'
export { type CommandResult, LabError } from './command.ts'
export type { LabHost } from './host.ts'
export type { Slowness } from './slow.ts'

export interface LabOptions {
  /** Names of the hosts, each a host name; they know each other by it. */
  hosts: readonly string[]
  /** Size of each host's disk beyond the base; it lives in memory. Default 512. */
  diskMegabytes?: number
  /** Whether the lab ends with this process (default) or stays until somebody takes it down. */
  lifetime?: 'process' | 'until-taken-down'
  /** Told what happens meanwhile, line by line. */
  progress?: (line: string) => void
}

/** Running hosts on a private network of this machine. */
export interface Lab {
  readonly slot: number
  readonly hosts: readonly LabHost[]
  /** Private key that root and deploy accept on every host. */
  readonly clientKeyPath: string
  host(name: string): LabHost
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Boots real Debian hosts. The first start on a machine installs what is missing and builds their base. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const availability = labAvailability()
  if (availability.kind === 'unavailable') throw new LabError(`No lab here: ${availability.reason}`)
  checkNames(options.hosts)
  const progress = options.progress ?? (() => {})
  await installTools(progress)
  await removeLeftovers()
  const base = await ensureBase(progress)
  const record = claimSlot(options.lifetime === 'until-taken-down' ? null : thisProcess(), options.hosts)
  try {
    await bringUp(record, base, options)
    return await attachLab(record)
  } catch (error) {
    await tearDown(record)
    throw error
  }
}

/** A lab that runs already, started by this or another process. */
export async function attachLab(record: LabRecord): Promise<Lab> {
  const hosts = record.hosts.map((host) => new LabHost(record.slot, host))
  await Promise.all(hosts.map((host) => host.readHostKey()))
  const stop = () => tearDown(record)
  return {
    slot: record.slot,
    hosts,
    clientKeyPath: clientKeyPath(record),
    host: (name) => hostNamed(hosts, name),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Every lab of this machine. */
export function runningLabs(): LabRecord[] {
  return listLabs()
}

async function bringUp(record: LabRecord, base: string, options: LabOptions): Promise<void> {
  const progress = options.progress ?? (() => {})
  await makeKey(clientKeyPath(record))
  await createBridge(record.slot)
  await Promise.all(
    record.hosts.map(async (host) => {
      const root = await mountDisk(host.directory, base, options.diskMegabytes ?? 512)
      await prepareHost(root, host, record, clientKeyPath(record))
      await boot(record.slot, host)
      progress(`${host.name} answers at ${host.address}`)
    }),
  )
}

function clientKeyPath(record: LabRecord): string {
  return join(slotDirectory(record.slot), 'client_key')
}

function hostNamed(hosts: readonly LabHost[], name: string): LabHost {
  const found = hosts.find((host) => host.name === name)
  if (found !== undefined) return found
  throw new LabError(`No host ${name} in this lab; it has ${hosts.map((host) => host.name).join(', ')}`)
}

function checkNames(names: readonly string[]): void {
  const wrong = names.find((name) => !/^[a-z][a-z0-9-]{0,30}$/.test(name))
  if (wrong !== undefined) throw new LabError(`${JSON.stringify(wrong)} is no host name`)
  if (names.length === 0 || names.length > 200) throw new LabError('A lab has 1 to 200 hosts')
  if (new Set(names).size !== names.length) throw new LabError('Two hosts have the same name')
}
