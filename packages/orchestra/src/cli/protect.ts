import type { Command } from 'commander'
import { protectionAdd, protectionList, protectionRemove } from '../operate/index.ts'
import type { ProtectionView } from '../removal/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addProtectCommands(program: Command, act: Act): void {
  const protecting = program
    .command('protect [object]')
    .description(
      'Refuse the removal of an object or of all objects of a backend; alone: list what is protected',
    )
    .option('--backend <name>', 'For this backend only, or all of its objects')
    .option('--reason <text>', 'Shown to whoever asks why')
    .action(act(protectCommand))
  withExamples(
    protecting,
    'protect site:12 --reason "in court"',
    'protect --backend mariadb-database',
    'protect',
  )
  const unprotecting = program
    .command('unprotect [object]')
    .description('End a protection')
    .option('--backend <name>', 'The one for this backend')
    .action(act(unprotectCommand))
  withExamples(unprotecting, 'unprotect site:12')
}

async function protectCommand(
  session: Session,
  object: string | undefined,
  options: { backend?: string; reason?: string },
): Promise<Ending> {
  if (object === undefined && options.backend === undefined) return list(session)
  const protection = await session.run(protectionAdd, { object, ...options })
  session.terminal.tell(
    protection,
    `${protectionName(protection)} is protected: its removal is refused until \`orchestra unprotect\``,
  )
  return 'done'
}

function protectionName({ object, backend }: ProtectionView): string {
  if (object === null) return `backend ${backend}`
  return backend === null ? object : `${object} of backend ${backend}`
}

async function unprotectCommand(
  session: Session,
  object: string | undefined,
  { backend }: { backend?: string },
): Promise<Ending> {
  const ended = await session.run(protectionRemove, { object, backend })
  const { subject, wasProtected } = ended
  session.terminal.tell(
    ended,
    wasProtected ? `${subject} may be removed again` : `${subject} was not protected by anybody`,
  )
  return 'done'
}

async function list(session: Session): Promise<Ending> {
  const { terminal } = session
  const protections = await session.run(protectionList, {})
  terminal.tell(protections, ...table(columns, protections, terminal.width))
  if (protections.length === 0) terminal.note('nothing is protected, except by the configuration')
  return 'done'
}

const columns: Column<ProtectionView>[] = [
  { title: 'OBJECT', value: ({ object }) => object ?? 'all' },
  { title: 'BACKEND', value: ({ backend }) => backend ?? 'all' },
  { title: 'BY', value: ({ by }) => by },
  { title: 'AGE', value: ({ since }) => age(since), align: 'right' },
  { title: 'REASON', value: ({ reason }) => reason },
]
