import type { Command } from 'commander'
import type { BindingView } from '../access/index.ts'
import { bindingAdd, bindingList, bindingRemove, bindingShow } from '../operate/index.ts'
import { age } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { type ScopeOptions, scopeFrom, scopeText, withScope } from './scope-options.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

interface Holder {
  user?: string
  token?: string
  group?: string
}

export function addBindingCommands(program: Command, act: Act): void {
  const binding = withExamples(
    program.command('binding').description('Who has which role, and for what'),
    'binding list',
    'binding add operator --user ana --server web1',
  )
  const list = withHolder(binding.command('list').description('What was given'))
    .option('--role <role>', 'Of this role')
    .action(act(listCommand))
  withExamples(list, 'binding list', 'binding list --user ana --json')
  const show = binding
    .command('show')
    .argument('<binding>', 'Its number', wholeNumber(1))
    .description('To whom one role was given, and for what')
    .action(act(showCommand))
  withExamples(show, 'binding show 7')
  const add = withScope(
    withHolder(
      binding
        .command('add <role>')
        .description('Give a user, a token or a group a role, everywhere or for what is named'),
    ),
  ).action(act(addCommand))
  withExamples(
    add,
    'binding add operator --user ana --server web1 --server web2',
    'binding add viewer --group keycloak/ops --backend nginx',
  )
  const remove = binding
    .command('remove')
    .description('Take a role back')
    .argument('<binding>', 'Its number, from `binding list`', wholeNumber(1))
    .action(act(removeCommand))
  withExamples(remove, 'binding remove 3')
}

function withHolder(command: Command): Command {
  return command
    .option('--user <user>', 'A user')
    .option('--token <token>', 'A token')
    .option('--group <group>', 'A group that a provider of identities tells of')
}

async function showCommand(session: Session, binding: number): Promise<Ending> {
  const { terminal } = session
  const shown = await session.run(bindingShow, { binding })
  terminal.tell(shown, ...table(columns, [shown], terminal.width))
  return 'done'
}

async function listCommand(session: Session, search: Holder & { role?: string }): Promise<Ending> {
  const { terminal } = session
  const bindings = await session.run(bindingList, search)
  terminal.tell(bindings, ...table(columns, bindings, terminal.width))
  if (bindings.length === 0) terminal.note('nothing was given')
  return 'done'
}

const columns: Column<BindingView>[] = [
  { title: 'BINDING', value: ({ id }) => id, align: 'right' },
  { title: 'ROLE', value: ({ role }) => role },
  { title: 'TO', value: holderText },
  { title: 'FOR', value: scopeText },
  { title: 'AGE', value: ({ createdAt }) => age(createdAt), align: 'right' },
  { title: 'BY', value: ({ by }) => by },
]

function holderText({ user, token, group }: BindingView): string {
  if (user !== null) return user
  return token === null ? `group:${group}` : `token:${token}`
}

async function addCommand(session: Session, role: string, options: Holder & ScopeOptions): Promise<Ending> {
  const { user, token, group, ...scope } = options
  const added = await session.run(bindingAdd, { role, user, token, group, ...scopeFrom(scope) })
  session.terminal.tell(added, `${holderText(added)} is ${role} for ${scopeText(added)}`)
  return 'done'
}

async function removeCommand(session: Session, binding: number): Promise<Ending> {
  const removed = await session.run(bindingRemove, { binding })
  session.terminal.tell(
    removed,
    `${holderText(removed)} is ${removed.role} for ${scopeText(removed)} no more`,
  )
  return 'done'
}
