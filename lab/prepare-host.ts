import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.ts'
import type { HostRecord, LabRecord } from './run-directory.ts'

/** Writes what makes a copy of the base this host: its address, its neighbours, its keys and who may log in. */
export async function prepareHost(
  root: string,
  host: HostRecord,
  lab: LabRecord,
  clientKeyPath: string,
): Promise<void> {
  writeNetwork(root, host)
  writeFileSync(join(root, 'etc/hosts'), hostsFile(lab))
  authorize(join(root, 'root'), readFileSync(`${clientKeyPath}.pub`, 'utf8'))
  authorize(join(root, 'home/deploy'), readFileSync(`${clientKeyPath}.pub`, 'utf8'))
  await run('chown', ['-R', '--reference', join(root, 'home/deploy'), join(root, 'home/deploy/.ssh')])
  await makeHostKeys(join(root, 'etc/ssh'))
}

function writeNetwork(root: string, host: HostRecord): void {
  const lines = [
    '[Match]',
    'Name=host0',
    '[Network]',
    `Address=${host.address}/24`,
    'LinkLocalAddressing=no',
    'IPv6AcceptRA=no',
  ]
  writeFileSync(join(root, 'etc/systemd/network/10-lab.network'), `${lines.join('\n')}\n`)
}

function hostsFile(lab: LabRecord): string {
  const hosts = lab.hosts.map(({ address, name }) => `${address} ${name}`)
  return `${['127.0.0.1 localhost', ...hosts].join('\n')}\n`
}

function authorize(home: string, publicKey: string): void {
  const directory = join(home, '.ssh')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(join(directory, 'authorized_keys'), publicKey, { mode: 0o600 })
}

/** Two types of key, as a real server has several and a client must not mistake one for a changed one. */
export async function makeHostKeys(directory: string): Promise<void> {
  for (const type of ['ed25519', 'ecdsa']) {
    await makeKey(join(directory, `ssh_host_${type}_key`), type)
  }
}

export async function makeKey(path: string, type = 'ed25519'): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'orchestra-lab', '-f', path])
}
