import { Command, InvalidArgumentError } from 'commander'
import { removeOldBases } from './base.ts'
import { attachLab, LabError, labAvailability, runningLabs, startLab } from './index.ts'
import type { LabRecord } from './run-directory.ts'
import { removeLeftovers, tearDownWhere } from './teardown.ts'

const begin = performance.now()

function report(line: string): void {
  process.stderr.write(`${((performance.now() - begin) / 1000).toFixed(1).padStart(6)}s  ${line}\n`)
}

async function up(count: number): Promise<void> {
  const hosts = Array.from({ length: count }, (_, index) => `host${index + 1}`)
  const lab = await startLab({ hosts, lifetime: 'until-taken-down', progress: report })
  for (const host of lab.hosts) {
    console.log(`${host.name}  ssh -i ${lab.clientKeyPath} root@${host.address}  ${host.hostKeyFingerprint}`)
  }
}

async function down(): Promise<void> {
  const gone = await tearDownWhere(({ owner }) => owner === null)
  report(gone.length === 0 ? 'no lab was up' : `took down ${gone.flatMap(hostNames).join(', ')}`)
}

function status(): void {
  const availability = labAvailability()
  if (availability.kind === 'unavailable') console.log(`not available here: ${availability.reason}`)
  const labs = runningLabs()
  if (labs.length === 0) console.log('no lab is running')
  for (const lab of labs) {
    const owner = lab.owner === null ? 'until taken down' : `of process ${lab.owner.pid}`
    console.log(`lab ${lab.slot}, ${owner}`)
    for (const host of lab.hosts) console.log(`  ${host.name.padEnd(12)} ${host.address}`)
  }
}

async function clean(): Promise<void> {
  const labs = await removeLeftovers()
  const bases = runningLabs().length === 0 ? removeOldBases() : []
  const removed = [...labs.flatMap(hostNames), ...bases]
  report(removed.length === 0 ? 'nothing was left over' : `removed ${removed.join(', ')}`)
}

async function exec(name: string, words: string[]): Promise<void> {
  const record = runningLabs().find(({ hosts }) => hosts.some((host) => host.name === name))
  if (record === undefined)
    throw new LabError(`No running host is called ${name}`, 'See `npm run lab -- status`')
  const lab = await attachLab(record)
  const { code, stdout, stderr } = await lab.host(name).exec(words.join(' '))
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  process.exitCode = code
}

function hostNames(lab: LabRecord): string[] {
  return lab.hosts.map((host) => host.name)
}

function positiveInteger(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError('It is the number of hosts, 1 or more.')
}

const program = new Command('lab')
  .description(
    'Real Debian hosts with systemd and sshd on this machine, for the tests and for trying things.',
  )
  .addHelpText('after', '\nExample:\n  npm run lab -- up 3\n  npm run lab -- exec host1 systemctl --failed\n')
  .showHelpAfterError()
  .enablePositionalOptions()

program
  .command('up')
  .description('boot hosts that stay until `down`')
  .argument('[count]', 'how many', positiveInteger, 3)
  .action(up)
program.command('down').description('take down what `up` started').action(down)
program.command('status').description('which labs run, with their hosts and addresses').action(status)
program
  .command('clean')
  .description('remove what killed runs left behind, and bases of old recipes')
  .action(clean)
program
  .command('exec')
  .description('run a bash command as root on a host, without SSH')
  .argument('<host>')
  .argument('<command...>')
  .passThroughOptions()
  .action(exec)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof LabError)) throw error
  console.error(`lab: ${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`)
  process.exitCode = 1
}
