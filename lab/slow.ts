import { join } from 'node:path'
import { bridgeName } from './bridge.ts'
import { killGroup } from './cgroups.ts'
import { attempt, run } from './command.ts'
import { spawnInGroup } from './grouped.ts'
import { outerEnd } from './link.ts'
import { execInNetworkOf, groupOf } from './machine.ts'
import type { HostRecord } from './run-directory.ts'
import { waitFor } from './wait.ts'

export interface Slowness {
  /** Milliseconds added to every packet, on its way there and again on its way back. */
  delayMs?: number
  /** Bytes a second, in each direction. */
  bytesPerSecond?: number
}

const delayLine = new URL('delay-line.pl', import.meta.url).pathname

/** Makes the host's network slow; earlier slowness of the same host is replaced. */
export async function slowDown(slot: number, host: HostRecord, slowness: Slowness): Promise<void> {
  await speedUp(slot, host)
  if (slowness.delayMs !== undefined) await lengthen(slot, host, slowness.delayMs)
  if (slowness.bytesPerSecond !== undefined) await narrow(host, slowness.bytesPerSecond)
}

/** Back to the speed of a network inside one machine. */
export async function speedUp(slot: number, host: HostRecord): Promise<void> {
  const outer = await outerEnd(host)
  await attempt('tc', ['qdisc', 'delete', 'dev', outer, 'root'])
  await execInNetworkOf(host, ['tc', 'qdisc', 'delete', 'dev', 'host0', 'root'])
  await run('ip', ['link', 'set', outer, 'master', bridgeName(slot)])
  await killGroup(groupOfWire(slot, host))
  await attempt('ip', ['link', 'delete', linkNames(slot, host).joint])
}

async function narrow(host: HostRecord, bytesPerSecond: number): Promise<void> {
  const limit = ['root', 'tbf', 'rate', `${bytesPerSecond}bps`, 'burst', '16kb', 'latency', '500ms']
  await run('tc', ['qdisc', 'replace', 'dev', await outerEnd(host), ...limit])
  await execInNetworkOf(host, ['tc', 'qdisc', 'replace', 'dev', 'host0', ...limit])
}

/** Moves the host's cable from the lab's bridge to a small one of its own, joined to the lab's by a delay line. */
async function lengthen(slot: number, host: HostRecord, delayMs: number): Promise<void> {
  const { near, far, joint } = linkNames(slot, host)
  const pidFile = join(host.directory, 'wire.pid')
  const command = ['perl', delayLine, near, far, `${delayMs}`]
  spawnInGroup(groupOfWire(slot, host), pidFile, command, 'ignore')
  await waitFor(`the delay line of ${host.name}`, () => linkExists(far))
  await run('ip', ['link', 'add', joint, 'type', 'bridge', 'stp_state', '0'])
  await run('ip', ['link', 'set', near, 'master', bridgeName(slot)])
  await run('ip', ['link', 'set', far, 'master', joint])
  await run('ip', ['link', 'set', await outerEnd(host), 'master', joint])
  for (const name of [near, far, joint]) await run('ip', ['link', 'set', name, 'up'])
}

async function linkExists(name: string): Promise<boolean> {
  return (await attempt('ip', ['link', 'show', name])).code === 0
}

function groupOfWire(slot: number, host: HostRecord): string {
  return join(groupOf(slot), `${host.name}.wire`)
}

/** An interface's name holds 15 bytes, too few for the host's own. */
function linkNames(slot: number, host: HostRecord): { near: string; far: string; joint: string } {
  const prefix = `${bridgeName(slot)}-${host.address.split('.')[3]}`
  return { near: `${prefix}n`, far: `${prefix}f`, joint: `${prefix}j` }
}
