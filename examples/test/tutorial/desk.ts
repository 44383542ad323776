import { run } from '../../../lab/command.ts'
import type { LabHost } from '../../../lab/index.ts'

const unasked = '-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR'

const npx = `#!/bin/sh
command=$1
shift
exec "node_modules/.bin/$command" "$@"
`

/**
 * Brings a directory to the same place on a host, and Node, which is all that a worker needs there. Hosts of the lab reach no
 * registry; what they have for `npx` finds what is installed.
 */
export async function moveTo(host: LabHost, clientKeyPath: string, directory: string): Promise<void> {
  const ssh = `ssh -i ${clientKeyPath} ${unasked} root@${host.address}`
  const copy = `tar -C / -cf - "$1" | ${ssh} tar -C / -xf -
${ssh} 'cat >/usr/bin/node' <"$2"`
  await run('bash', ['-ec', copy, 'bash', directory.slice(1), process.execPath])
  await host.must('cat >/usr/bin/npx; chmod +x /usr/bin/node /usr/bin/npx', { input: npx })
}
