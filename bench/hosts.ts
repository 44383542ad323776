import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type LabHost, labAvailability, startLab } from '../lab/index.ts'
import type { ServerTarget } from '../packages/orchestra/src/methods/index.ts'
import { type Sshd, startSshd } from '../packages/orchestra/test/support/sshd.ts'

/** A server to measure on. */
export interface BenchHost {
  /** How to log in there; its `directory` is new and empty. */
  target: ServerTarget
  /** Runs a bash command there without being measured. */
  exec(command: string): Promise<string>
}

export interface BenchHosts {
  hosts: readonly BenchHost[]
  /** What a reader of the numbers has to know about the hosts. */
  note: string
  /** A fresh directory on each host: what one benchmark leaves behind is not met by the next. */
  renewed(): Promise<readonly BenchHost[]>
  stop(): Promise<void>
}

/** Real Debian hosts; where the lab cannot run, sshd processes of this machine. */
export async function startHosts(count: number, progress: (line: string) => void): Promise<BenchHosts> {
  const availability = labAvailability()
  if (availability.kind === 'available') return startLabHosts(count, progress)
  progress(`no lab here (${availability.reason}): measuring on sshd processes of this machine`)
  return startLocalHosts(count, availability.reason)
}

async function startLabHosts(count: number, progress: (line: string) => void): Promise<BenchHosts> {
  const names = Array.from({ length: count }, (_, index) => `bench${index + 1}`)
  const lab = await startLab({ hosts: names, diskMegabytes: 2000, progress })
  const hosts = lab.hosts.map((host) => labHost(host, lab.clientKeyPath))
  const note = `${count} Debian hosts with systemd and sshd, as containers on this machine`
  return { hosts, note, renewed: () => renew(hosts), stop: () => lab.stop() }
}

function labHost(host: LabHost, identityFile: string): BenchHost {
  const { name, address, port, hostKey } = host
  return {
    target: { ...asRoot, name, host: address, port, hostKey, identityFile },
    exec: (command) => host.must(command),
  }
}

const asRoot = { method: 'ssh', user: 'root', sudo: false, directory: null } as const

async function startLocalHosts(count: number, reason: string): Promise<BenchHosts> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestra-bench-hosts-'))
  const daemons: Sshd[] = []
  for (let index = 0; index < count; index++) daemons.push(await startSshd())
  const hosts = await Promise.all(daemons.map((daemon, index) => localHost(daemon, `bench${index + 1}`)))
  return {
    hosts,
    note: `sshd processes of this machine instead of hosts of their own, because ${reason}`,
    renewed: () => renew(hosts),
    stop: async () => {
      await Promise.all(daemons.map((daemon) => daemon.stop()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function localHost(daemon: Sshd, name: string): Promise<BenchHost> {
  const run = promisify(execFile)
  return {
    target: await daemon.target({ name }),
    exec: async (command) => (await run('bash', ['-c', command])).stdout,
  }
}

async function renew(hosts: readonly BenchHost[]): Promise<readonly BenchHost[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const made = await host.exec('mktemp -d /tmp/orchestra-bench-XXXXXX')
      return { ...host, target: { ...host.target, directory: made.trim() } }
    }),
  )
}
