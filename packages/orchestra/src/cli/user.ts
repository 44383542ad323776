import type { Command } from 'commander'
import type { UserView } from '../access/index.ts'
import { OrchestraError } from '../errors.ts'
import { linkText, userAdd, userLink, userList, userRemove, userSet, userShow } from '../operate/index.ts'
import { age, until } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import { askPassword } from './password.ts'
import { type ScopeOptions, scopeFrom, withScope } from './scope-options.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addUserCommands(program: Command, act: Act): void {
  const user = withExamples(
    program.command('user').description('People who can log in to the API'),
    'user link',
    'user add ana --role operator',
    'user list',
  )
  const list = user.command('list').description('Who can log in').action(act(listCommand))
  withExamples(list, 'user list', 'user list --json')
  const show = user
    .command('show <user>')
    .description('Who it is, what he was given, and when he came in last')
    .action(act(showCommand))
  withExamples(show, 'user show ana')
  const add = withScope(
    user
      .command('add <user>')
      .description('Register somebody; asks for a password where somebody is there to type it')
      .option('--password-stdin', 'Read the password from the first line that is piped in')
      .option('--no-password', 'None for now: he comes in by `orchestra user link` first')
      .option('--role <role>', 'What he may: viewer, operator, approver, admin, auditor, or one of your own'),
  ).action(act(addCommand))
  withExamples(add, 'user add ana --role admin', 'user add bo --role operator --server web1 --no-password')
  addSetCommand(user, act)
  const remove = user
    .command('remove <user>')
    .description('Remove somebody with his sessions and tokens; `user set --disable` only keeps him out')
    .action(act(removeCommand))
  withExamples(remove, 'user remove bo')
  const link = user
    .command('link [user]')
    .description('Make a link that lets somebody in once, within 15 minutes; the first makes the first admin')
    .option('--url <url>', 'Where people reach the API, to print the whole link')
    .action(act(linkCommand))
  withExamples(link, 'user link', 'user link ana --url https://orchestra.example.org')
}

function addSetCommand(user: Command, act: Act): void {
  const set = user
    .command('set <user>')
    .description('Give somebody another password, or keep him out; he is out everywhere at once')
    .option('--password', 'Ask for it')
    .option('--password-stdin', 'Read it from the first line that is piped in')
    .option('--disable', 'Let him in no more')
    .option('--enable', 'Let him in again')
    .action(act(setCommand))
  withExamples(set, 'user set ana --disable', 'user set ana --enable')
}

async function showCommand(session: Session, user: string): Promise<Ending> {
  const { terminal } = session
  const shown = await session.run(userShow, { user })
  terminal.tell(shown, ...table(columns, [shown], terminal.width))
  return 'done'
}

async function listCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const users = await session.run(userList, {})
  terminal.tell(users, ...table(columns, users, terminal.width))
  if (users.length === 0) terminal.note('nobody can log in yet: orchestra user link')
  return 'done'
}

const columns: Column<UserView>[] = [
  { title: 'USER', value: ({ name }) => name },
  { title: 'LOGIN', value: ({ login, disabled }) => (disabled ? 'disabled' : login) },
  { title: 'ROLES', value: ({ roles }) => roles.join(', ') || null },
  { title: 'GROUPS', value: ({ groups }) => groups.join(', ') || null },
  { title: 'SEEN', value: ({ seenAt }) => (seenAt === null ? 'never' : age(seenAt)), align: 'right' },
  { title: 'BY', value: ({ by }) => by },
]

interface AddOptions extends ScopeOptions {
  password: boolean
  passwordStdin?: boolean
  role?: string
}

async function addCommand(session: Session, user: string, options: AddOptions): Promise<Ending> {
  const { password: asks, passwordStdin = false, role, ...scope } = options
  const asked = passwordStdin || (asks && session.terminal.isInteractive)
  const password = asked ? await askPassword(session, passwordStdin) : undefined
  const added = await session.run(userAdd, { user, password, role, ...scopeFrom(scope) })
  const next = role === undefined ? '; it may do nothing until `orchestra binding add`' : ''
  const way = password === undefined ? `; it comes in by \`orchestra user link\` first` : ''
  session.terminal.tell(added, `user ${added.name} is registered${next}${way}`)
  return 'done'
}

interface SetOptions {
  password?: boolean
  passwordStdin?: boolean
  disable?: boolean
  enable?: boolean
}

async function setCommand(session: Session, user: string, options: SetOptions): Promise<Ending> {
  const { password: asks = false, passwordStdin = false, disable = false, enable = false } = options
  if (disable && enable) throw contradiction()
  if (!(asks || passwordStdin || disable || enable)) throw nothing()
  const password = asks || passwordStdin ? await askPassword(session, passwordStdin) : undefined
  const disabled = disable || enable ? disable : undefined
  const changed = await session.run(userSet, { user, password, disabled })
  session.terminal.tell(changed, `user ${changed.name} is changed`)
  return 'done'
}

function contradiction(): OrchestraError {
  return new OrchestraError('ORC_USAGE', '--disable and --enable cannot both be meant', {
    hint: 'Give one of them',
  })
}

function nothing(): OrchestraError {
  return new OrchestraError('ORC_USAGE', 'Nothing is to be changed', {
    hint: 'Give --password, --password-stdin, --disable or --enable',
  })
}

async function removeCommand(session: Session, user: string): Promise<Ending> {
  const removed = await session.run(userRemove, { user })
  session.terminal.tell(removed, `user ${user} is removed, with sessions, tokens and what it was given`)
  return 'done'
}

async function linkCommand(
  session: Session,
  user: string | undefined,
  { url }: { url?: string },
): Promise<Ending> {
  const { terminal } = session
  const link = await session.run(userLink, { user })
  const shown = url === undefined ? link.secret : linkText(url, link.secret)
  terminal.tell(link, shown)
  terminal.note(`lets ${link.user} in once, ${until(link.expiresAt)}; whoever has it is ${link.user}`)
  return 'done'
}
