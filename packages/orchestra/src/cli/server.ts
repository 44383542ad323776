import { type Command, Option } from 'commander'
import type { ServerFacts, ServerView } from '../operate/index.ts'
import { addressOf, serverCheck, serverHold, serverList, serverRelease } from '../operate/index.ts'
import { duration, endText } from './ages.ts'
import { type Act, later, portNumber, severalTimes, withExamples } from './command.ts'
import { askedBy, queryOption } from './query.ts'
import { addServerCommand } from './server-add.ts'
import { approveServer } from './server-approve.ts'
import { addLaneCommand } from './server-lane.ts'
import { addRemoveServerCommand } from './server-remove.ts'
import { addSetServerCommand } from './server-set.ts'
import { addShowServerCommand } from './server-show.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { oneLine } from './text-width.ts'

export function addServerCommands(program: Command, act: Act): void {
  const server = withExamples(
    program
      .command('server')
      .description('Servers: add, list, show, check, approve, set, hold, release, remove'),
    'server list',
  )
  addAdding(server, act)
  addLooking(server, act)
  addSetServerCommand(server, act)
  addHolding(server, act)
  addRemoveServerCommand(server, act)
}

function addAdding(server: Command, act: Act): void {
  const add = server
    .command('add <name>')
    .description('Register a server; it works once its host key is approved')
    .option('--host <host>', 'Name or address, such as web1:2222 or root@[fd00::1]; default the name')
    .option('--port <port>', 'Port of its SSH server; default 22', portNumber)
    .option('--user <login>', 'Login; default root')
    .addOption(
      new Option('--method <method>', 'How it is reached; default ssh').choices([
        'ssh',
        'openssh',
        'local',
        'function',
      ]),
    )
    .option('--identity-file <path>', 'Private key to log in with; default the ssh-agent')
    .option('--sudo', 'Run scripts with sudo; default for every login but root')
    .option('--no-sudo', 'Run scripts as the login itself')
    .option('--directory <path>', 'Directory there that scripts start in and keep their state below')
    .option('--tag <tag>', 'Routes to this tag lead to it; several times', severalTimes)
    .option('--accept-key <fingerprint>', 'Approve the host key if it has this fingerprint, SHA256:...')
    .option('--offline', 'Register it without asking it for its host key')
    .action(act(addServerCommand))
  withExamples(
    add,
    'server add web1 --host 203.0.113.7 --identity-file ~/.ssh/orchestra',
    'server add web2 --user deploy --accept-key SHA256:kJq...',
    'server add web3 --tag web --tag eu',
    'server add here --method local --directory /srv/test',
  )
  const approve = server
    .command('approve <server> [fingerprint]')
    .description('Approve the host key that a server presents')
    .action(act((session, name: string, given: string | undefined) => approveServer(session, name, given)))
  withExamples(approve, 'server approve web1 SHA256:kJqY...')
}

function addLooking(server: Command, act: Act): void {
  const list = server
    .command('list')
    .description('Servers, by name')
    .option(...queryOption)
    .action(act(listCommand))
  withExamples(list, 'server list', "server list --query 'tag:web is:held' --json")
  addShowServerCommand(server, act)
  addLaneCommand(server, act)
  const check = server
    .command('check [server...]')
    .description('Connect to servers as scripts do: reachability, latency, host key, sudo, bash, flock')
    .action(act(checkCommand))
  withExamples(check, 'server check', 'server check web1 web2')
}

function addHolding(server: Command, act: Act): void {
  const hold = server
    .command('hold <server>')
    .description('Let the work of a server wait; nothing is lost')
    .option('--for <time>', 'So long: 2h, 3d; default until somebody releases it', later)
    .option('--reason <text>', 'Shown to whoever asks why')
    .action(act(holdCommand))
  withExamples(hold, 'server hold web1 --for 2h --reason "new disk"', 'server hold web2')
  const release = server.command('release <server>').description('End a hold').action(act(releaseCommand))
  withExamples(release, 'server release web1')
}

async function listCommand(session: Session, options: { query?: string }): Promise<Ending> {
  const { terminal } = session
  const servers = await session.run(serverList, askedBy(options))
  terminal.tell(servers, ...table(serverColumns, servers, terminal.width))
  if (servers.length === 0)
    terminal.note(
      options.query === undefined ? 'no servers: add one with `orchestra server add`' : 'no servers fit',
    )
  return 'done'
}

const serverColumns: Column<ServerView>[] = [
  { title: 'SERVER', value: (server) => server.name },
  { title: 'METHOD', value: (server) => server.method },
  { title: 'ADDRESS', value: addressOf },
  { title: 'HOST KEY', value: (server) => server.key },
  { title: 'FINGERPRINT', value: (server) => server.fingerprint },
  { title: 'TAGS', value: ({ tags }) => tags.join(', ') || null },
  {
    title: 'HELD',
    value: ({ held }) =>
      held === null ? null : [`by ${held.by}${endText(held)}`, held.reason].filter(Boolean).join(': '),
  },
]

async function checkCommand(session: Session, servers: string[]): Promise<Ending> {
  const facts = await session.run(serverCheck, { servers })
  showFacts(session, facts)
  return facts.every(({ state }) => state === 'ok') ? 'done' : 'unfinished'
}

function showFacts({ terminal }: Session, facts: readonly ServerFacts[]): void {
  const problems = facts.flatMap((one) => one.problems.map((problem) => `${one.server}: ${oneLine(problem)}`))
  terminal.tell(facts, ...table(factColumns(terminal), facts, terminal.width), ...problems)
  if (facts.length === 0) terminal.note('no servers: add one with `orchestra server add`')
}

function factColumns(terminal: Session['terminal']): Column<ServerFacts>[] {
  return [
    { title: 'SERVER', value: (facts) => facts.server },
    {
      title: 'STATE',
      value: (facts) => facts.state,
      paint: (cell, { state }) => terminal.colour(state === 'ok' ? 'green' : 'red', cell),
    },
    {
      title: 'LATENCY',
      value: ({ latency }) => (latency === null ? null : duration(latency)),
      align: 'right',
    },
    { title: 'HOST KEY', value: (facts) => facts.key },
    { title: 'USER', value: (facts) => facts.user },
    { title: 'SUDO', value: (facts) => facts.sudo },
    { title: 'BASH', value: (facts) => facts.bash },
    { title: 'FLOCK', value: ({ flock }) => (flock === null ? null : flock ? 'yes' : 'no') },
  ]
}

async function holdCommand(
  session: Session,
  server: string,
  { for: until, reason }: { for?: Date; reason?: string },
): Promise<Ending> {
  const held = await session.run(serverHold, { server, reason, until })
  session.terminal.tell(
    held,
    `${server} is held${endText(held)}: its work waits until ${held.until === null ? '' : 'then, or until '}\`orchestra server release ${server}\``,
  )
  return 'done'
}

async function releaseCommand(session: Session, server: string): Promise<Ending> {
  session.terminal.tell(await session.run(serverRelease, { server }), `${server} is released`)
  return 'done'
}
