import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandOptions, type CommandResult, LabError, run } from './command.ts'
import { rootOf } from './disk.ts'
import { outerEnd, plugCable, pullCable, removeCable } from './link.ts'
import { boot, cutPower, execInside } from './machine.ts'
import { makeHostKeys } from './prepare-host.ts'
import type { HostRecord } from './run-directory.ts'
import { type Slowness, slowDown, speedUp } from './slow.ts'

/** A real Debian host, and what can happen to one. */
export class LabHost {
  readonly name: string
  readonly address: string
  readonly port = 22
  /** As `ssh-ed25519 AAAA...`. */
  hostKey = ''
  /** As `SHA256:...`. */
  hostKeyFingerprint = ''
  readonly #record: HostRecord
  readonly #slot: number

  constructor(slot: number, record: HostRecord) {
    this.#slot = slot
    this.#record = record
    this.name = record.name
    this.address = record.address
  }

  /** Runs a bash command as root, not by SSH: it works with the network cut and sshd dead. */
  exec(command: string, options: CommandOptions = {}): Promise<CommandResult> {
    return execInside(this.#record, command, options)
  }

  /** Like `exec`, for commands that must succeed; returns what they wrote. */
  async must(command: string, options: CommandOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(command, options)
    if (code === 0) return stdout
    throw new LabError(`${command} on ${this.name} ended with ${code}: ${stderr || stdout}`)
  }

  /** Pulls the network cable: connections neither end nor answer. */
  cutOff(): Promise<void> {
    return pullCable(this.#record)
  }

  reconnect(): Promise<void> {
    return plugCable(this.#record)
  }

  slow(slowness: Slowness): Promise<void> {
    return slowDown(this.#slot, this.#record, slowness)
  }

  fullSpeed(): Promise<void> {
    return speedUp(this.#slot, this.#record)
  }

  /** Kills sshd and every session's sshd. What the sessions ran goes on; systemd starts a new sshd at once. */
  async killSshd(): Promise<void> {
    await this.must('pkill -KILL -x sshd')
  }

  /** Leaves no byte free. */
  async fillDisk(): Promise<void> {
    await this.exec('cat /dev/zero > /var/lab-filler')
  }

  async freeDisk(): Promise<void> {
    await this.must('rm -f /var/lab-filler')
  }

  /** Gives the host new keys, as a reinstallation does. */
  async rotateHostKey(): Promise<void> {
    await this.must('rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub')
    await makeHostKeys(this.#sshDirectory())
    await this.must('systemctl restart ssh')
    await this.readHostKey()
  }

  /** Takes the power away, unannounced. The disk keeps what was written to it. */
  async powerOff(): Promise<void> {
    const cable = await outerEnd(this.#record)
    await cutPower(this.#slot, this.#record)
    await removeCable(cable)
  }

  /** Boots the host; a cable that was cut or slow is new. */
  powerOn(): Promise<void> {
    return boot(this.#slot, this.#record)
  }

  /** Reads the key that the host presents now. */
  async readHostKey(): Promise<void> {
    const path = join(this.#sshDirectory(), 'ssh_host_ed25519_key.pub')
    this.hostKey = readFileSync(path, 'utf8').split(' ').slice(0, 2).join(' ')
    this.hostKeyFingerprint = (await run('ssh-keygen', ['-l', '-f', path])).split(' ')[1] ?? ''
  }

  #sshDirectory(): string {
    return join(rootOf(this.#record.directory), 'etc/ssh')
  }
}
