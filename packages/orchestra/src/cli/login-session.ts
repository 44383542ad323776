import type { Command } from 'commander'
import type { SessionView } from '../access/index.ts'
import { sessionList, sessionRevoke } from '../operate/index.ts'
import { age, until } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addSessionCommands(program: Command, act: Act): void {
  const session = withExamples(
    program.command('session').description('Who is logged in to the API'),
    'session list',
  )
  const list = session
    .command('list')
    .description('Who is logged in, and from where')
    .option('--user <user>', 'This user')
    .action(act(listCommand))
  withExamples(list, 'session list', 'session list --user ana --json')
  const revoke = session
    .command('revoke')
    .description('Log somebody out')
    .argument('<session>', 'Its number, from `session list`', wholeNumber(1))
    .action(act(revokeCommand))
  withExamples(revoke, 'session revoke 12')
}

async function listCommand(session: Session, search: { user?: string }): Promise<Ending> {
  const { terminal } = session
  const sessions = await session.run(sessionList, search)
  terminal.tell(sessions, ...table(columns, sessions, terminal.width))
  if (sessions.length === 0) terminal.note('nobody is logged in')
  return 'done'
}

const columns: Column<SessionView>[] = [
  { title: 'SESSION', value: ({ id }) => id, align: 'right' },
  { title: 'USER', value: ({ user }) => user },
  { title: 'FROM', value: ({ address }) => address },
  { title: 'SEEN', value: ({ seenAt }) => age(seenAt), align: 'right' },
  { title: 'ENDS', value: ({ endsAt }) => until(endsAt) },
  { title: 'WITH', value: ({ agent }) => agent },
]

async function revokeCommand(session: Session, id: number): Promise<Ending> {
  const revoked = await session.run(sessionRevoke, { session: id })
  session.terminal.tell(revoked, `${revoked.user} is logged out of session ${id}`)
  return 'done'
}
