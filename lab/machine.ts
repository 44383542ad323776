import { closeSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { bridgeName } from './bridge.ts'
import { killGroup } from './cgroups.ts'
import { attempt, type CommandOptions, type CommandResult, LabError } from './command.ts'
import { rootOf } from './disk.ts'
import { spawnInGroup } from './grouped.ts'
import type { HostRecord } from './run-directory.ts'
import { waitFor } from './wait.ts'

const nspawnOptions = [
  '--quiet',
  '--boot',
  '--register=no',
  '--keep-unit',
  '--console=pipe',
  '--link-journal=no',
  '--resolv-conf=off',
  '--timezone=off',
]

export function groupOf(slot: number): string {
  return `orchestra-lab-${slot}`
}

function groupOfHost(slot: number, host: HostRecord): string {
  return join(groupOf(slot), host.name)
}

/** Boots a machine from its disk. It outlives this process; taking it down is the lab's work. */
export async function boot(slot: number, host: HostRecord): Promise<void> {
  const log = openSync(join(host.directory, 'console.log'), 'a')
  const command = [
    'systemd-nspawn',
    ...nspawnOptions,
    `--network-bridge=${bridgeName(slot)}`,
    `--machine=${host.machine}`,
    `--hostname=${host.name}`,
    `--directory=${rootOf(host.directory)}`,
  ]
  const child = spawnInGroup(groupOfHost(slot, host), pidFile(host), command, ['ignore', log, log])
  closeSync(log)
  await waitFor(
    `${host.name} to answer on port 22`,
    () => {
      if (child.exitCode !== null) throw new LabError(`${host.name} did not boot: ${consoleOf(host)}`)
      return answersSsh(host.address)
    },
    60_000,
  )
}

/** Takes the power away: nothing is written, nothing says goodbye. */
export async function cutPower(slot: number, host: HostRecord): Promise<void> {
  await killGroup(groupOfHost(slot, host))
  await removeRegistration(host)
}

/** nspawn keeps a directory for each machine, and cannot remove it when it is killed. */
export async function removeRegistration(host: HostRecord): Promise<void> {
  await rm(join('/run/systemd/nspawn/propagate', host.machine), { recursive: true, force: true })
}

/** Runs a command inside a machine without SSH, so that it works whatever happened to network and sshd. */
export function execInside(
  host: HostRecord,
  command: string,
  options: CommandOptions = {},
): Promise<CommandResult> {
  const enter = ['--target', `${initOf(host)}`, '--mount', '--uts', '--ipc', '--net', '--pid']
  const env = ['env', '-i', 'HOME=/root', 'USER=root', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C.UTF-8']
  return attempt('nsenter', [...enter, '--', ...env, 'bash', '-c', `cd; ${command}`], options)
}

/** Runs a program of this machine in the network of the host. */
export function execInNetworkOf(host: HostRecord, args: readonly string[]): Promise<CommandResult> {
  return attempt('nsenter', ['--target', `${initOf(host)}`, '--net', '--', ...args])
}

/** First process of the machine, which is the only child of its nspawn. */
function initOf(host: HostRecord): number {
  const pid = readNumber(pidFile(host))
  const init = readNumber(`/proc/${pid}/task/${pid}/children`)
  if (Number.isNaN(init)) throw new LabError(`${host.name} is not running`, 'Power it on first')
  return init
}

function readNumber(path: string): number {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10)
  } catch {
    return Number.NaN
  }
}

function pidFile(host: HostRecord): string {
  return join(host.directory, 'nspawn.pid')
}

function consoleOf(host: HostRecord): string {
  return readFileSync(join(host.directory, 'console.log'), 'utf8').trim()
}

/** Whether something at the address greets as an SSH server does. */
function answersSsh(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 22, timeout: 1000 })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', (bytes) => end(`${bytes}`.startsWith('SSH-2.0-')))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
    socket.once('close', () => end(false))
  })
}
