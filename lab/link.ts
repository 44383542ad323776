import { attempt, LabError, run } from './command.ts'
import { execInNetworkOf } from './machine.ts'
import type { HostRecord } from './run-directory.ts'

interface Link {
  ifindex: number
  ifname: string
  link_index?: number
}

/** Name of this machine's end of the host's network cable. */
export async function outerEnd(host: HostRecord): Promise<string> {
  const inner = await execInNetworkOf(host, ['ip', '-json', 'link', 'show', 'host0'])
  const index = (JSON.parse(inner.stdout) as Link[])[0]?.link_index
  const links = JSON.parse(await run('ip', ['-json', 'link'])) as Link[]
  const found = links.find((link) => link.ifindex === index)
  if (found === undefined) throw new LabError(`${host.name} has no network cable`)
  return found.ifname
}

/** Pulls the cable: both sides find out only by silence. */
export async function pullCable(host: HostRecord): Promise<void> {
  await run('ip', ['link', 'set', await outerEnd(host), 'down'])
}

export async function plugCable(host: HostRecord): Promise<void> {
  await run('ip', ['link', 'set', await outerEnd(host), 'up'])
}

/** Removes a cable by its outer end; the kernel does so itself, but some time after the machine is gone. */
export async function removeCable(outer: string): Promise<void> {
  await attempt('ip', ['link', 'delete', outer])
}
