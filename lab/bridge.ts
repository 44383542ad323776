import { attempt, run } from './command.ts'
import { subnet } from './run-directory.ts'

export function bridgeName(slot: number): string {
  return `orclab${slot}`
}

export async function createBridge(slot: number): Promise<void> {
  const name = bridgeName(slot)
  await run('ip', ['link', 'add', name, 'type', 'bridge', 'stp_state', '0'])
  await run('ip', ['address', 'add', `${subnet(slot)}.1/24`, 'dev', name])
  await run('ip', ['link', 'set', name, 'up'])
}

interface Link {
  ifname: string
  master?: string
}

/** Removes every link that a run left behind: its bridges, and whatever is plugged into them. */
export async function removeLinks(slot: number): Promise<void> {
  const links = JSON.parse(await run('ip', ['-json', 'link'])) as Link[]
  const ours = links.filter(({ ifname, master = '' }) => isOurs(ifname, slot) || isOurs(master, slot))
  // A cable also goes away with its other end, so it may be gone by now.
  for (const { ifname } of ours) await attempt('ip', ['link', 'delete', ifname])
}

function isOurs(name: string, slot: number): boolean {
  return name === bridgeName(slot) || name.startsWith(`${bridgeName(slot)}-`)
}
