import type { Command } from 'commander'
import type { Permission, RoleView } from '../access/index.ts'
import { roleAdd, roleList, roleRemove, roleSet, roleShow } from '../operate/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addRoleCommands(program: Command, act: Act): void {
  const role = withExamples(
    program.command('role').description('Sets of permissions that are given by `orchestra binding`'),
    'role list',
  )
  const list = role
    .command('list')
    .description('Those that every store has, and your own')
    .action(act(listCommand))
  withExamples(list, 'role list', 'role list --json')
  const show = role
    .command('show <role>')
    .description('What a role holds, and how often it is given')
    .action(act(showCommand))
  withExamples(show, 'role show operator')
  const add = role
    .command('add <role> <permission...>')
    .description('Define a role; docs/access.md lists the permissions')
    .action(act(addCommand))
  withExamples(add, 'role add restarter status.read retry')
  const set = role
    .command('set <role> <permission...>')
    .description('Give a role other permissions, for all who have it')
    .action(act(setCommand))
  withExamples(set, 'role set restarter status.read retry cancel')
  const remove = role
    .command('remove <role>')
    .description('Remove a role that nobody has')
    .action(act(removeCommand))
  withExamples(remove, 'role remove restarter')
}

async function showCommand(session: Session, role: string): Promise<Ending> {
  const { terminal } = session
  const shown = await session.run(roleShow, { role })
  terminal.tell(shown, ...table(columns, [shown], terminal.width))
  return 'done'
}

async function listCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const roles = await session.run(roleList, {})
  terminal.tell(roles, ...table(columns, roles, terminal.width))
  return 'done'
}

const columns: Column<RoleView>[] = [
  { title: 'ROLE', value: ({ name }) => name },
  { title: 'GIVEN', value: ({ bindings }) => bindings, align: 'right' },
  { title: 'PERMISSIONS', value: ({ permissions }) => permissions.join(' ') },
]

// The verb says which words are permissions, and refuses others.
async function addCommand(session: Session, role: string, permissions: string[]): Promise<Ending> {
  const added = await session.run(roleAdd, { role, permissions: permissions as Permission[] })
  session.terminal.tell(added, `role ${role} is defined: orchestra binding add ${role} --user NAME`)
  return 'done'
}

async function setCommand(session: Session, role: string, permissions: string[]): Promise<Ending> {
  const changed = await session.run(roleSet, { role, permissions: permissions as Permission[] })
  session.terminal.tell(changed, `role ${role} is changed for the ${changed.bindings} who have it`)
  return 'done'
}

async function removeCommand(session: Session, role: string): Promise<Ending> {
  const removed = await session.run(roleRemove, { role })
  session.terminal.tell(removed, `role ${role} is removed`)
  return 'done'
}
