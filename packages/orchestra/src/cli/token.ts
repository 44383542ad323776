import type { Command } from 'commander'
import type { TokenView } from '../access/index.ts'
import { tokenAdd, tokenList, tokenRevoke, tokenShow } from '../operate/index.ts'
import { age, until } from './ages.ts'
import { type Act, severalTimes, wholeNumber, withExamples } from './command.ts'
import { type ScopeOptions, scopeFrom, withScope } from './scope-options.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addTokenCommands(program: Command, act: Act): void {
  const token = withExamples(
    program.command('token').description('What programs come in to the API by'),
    'token add ci --role operator',
    'token list',
  )
  const list = token
    .command('list')
    .description('The tokens by their names; none is shown again')
    .option('--user <user>', 'Those that belong to this user')
    .option('--all', 'Those too that cannot be used any more')
    .action(act(listCommand))
  withExamples(list, 'token list', 'token list --all --json')
  const show = token.command('show <token>').description('One token, never itself').action(act(showCommand))
  withExamples(show, 'token show ci')
  const add = withScope(
    token
      .command('add <token>')
      .description('Make a token, and print it this once')
      .requiredOption('--role <role>', 'What it may')
      .option('--user <user>', 'Whose it is: it never may more than he')
      .option('--network <network>', 'From where it is taken: 10.0.0.0/8; several times', severalTimes)
      .option('--days <count>', 'How long it is good; at most 365', wholeNumber(1), 90),
  ).action(act(addCommand))
  withExamples(
    add,
    'token add ci --role operator --network 192.0.2.0/24',
    'token add graphs --role viewer --user ana --days 365',
  )
  const revoke = token.command('revoke <token>').description('End a token').action(act(revokeCommand))
  withExamples(revoke, 'token revoke ci')
}

async function showCommand(session: Session, token: string): Promise<Ending> {
  const { terminal } = session
  const shown = await session.run(tokenShow, { token })
  terminal.tell(shown, ...table(columns, [shown], terminal.width))
  return 'done'
}

async function listCommand(session: Session, search: { user?: string; all?: boolean }): Promise<Ending> {
  const { terminal } = session
  const tokens = await session.run(tokenList, search)
  terminal.tell(tokens, ...table(columns, tokens, terminal.width))
  if (tokens.length === 0) terminal.note('there are no tokens')
  return 'done'
}

const columns: Column<TokenView>[] = [
  { title: 'TOKEN', value: ({ name }) => name },
  { title: 'USER', value: ({ user }) => user },
  { title: 'ROLES', value: ({ roles }) => roles.join(', ') || null },
  { title: 'FROM', value: ({ networks }) => networks.join(', ') || 'everywhere' },
  { title: 'USED', value: ({ lastUsedAt: at }) => (at === null ? 'never' : age(at)), align: 'right' },
  { title: 'ENDS', value: ({ state, expiresAt }) => (state === 'valid' ? until(expiresAt) : state) },
]

interface AddOptions extends ScopeOptions {
  role: string
  user?: string
  network?: string[]
  days: number
}

async function addCommand(session: Session, token: string, options: AddOptions): Promise<Ending> {
  const { role, user, network, days, ...scope } = options
  const given = { token, role, user, networks: network, days, ...scopeFrom(scope) }
  const made = await session.run(tokenAdd, given)
  session.terminal.tell(made, made.token)
  session.terminal.note(`${made.name} is good until ${made.expiresAt.slice(0, 10)}; it is not shown again`)
  return 'done'
}

async function revokeCommand(session: Session, token: string): Promise<Ending> {
  const revoked = await session.run(tokenRevoke, { token })
  session.terminal.tell(revoked, `token ${token} is taken no more`)
  return 'done'
}
