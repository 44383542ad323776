import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { backendNamed } from '../config/names.ts'
import { OrchestraError } from '../errors.ts'
import {
  listProtections,
  type Protectable,
  type ProtectionView,
  protect,
  protectableName,
  unprotect,
} from '../removal/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import { knownObject } from './known.ts'
import { namedObject } from './objects.ts'
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
  const { config } = await session.config()
  if (object !== undefined) await knownObject(session, object)
  const subject = subjectOf(config, object, options.backend)
  const { by } = session
  const { reason } = options
  const view = await protect(await session.store(), subject, {
    by,
    ...(reason === undefined ? {} : { reason }),
  })
  session.terminal.tell(
    view,
    `${protectableName(subject)} is protected: its removal is refused until \`orchestra unprotect\``,
  )
  return 'done'
}

async function unprotectCommand(
  session: Session,
  object: string | undefined,
  { backend }: { backend?: string },
): Promise<Ending> {
  const { config } = await session.config()
  const subject = subjectOf(config, object, backend)
  const name = protectableName(subject)
  const wasProtected = await unprotect(await session.store(), subject, session.by)
  if (!wasProtected && object !== undefined) await knownObject(session, object)
  session.terminal.tell(
    { subject: name, wasProtected },
    wasProtected ? `${name} may be removed again` : `${name} was not protected by anybody`,
  )
  return 'done'
}

async function list(session: Session): Promise<Ending> {
  const { terminal } = session
  const protections = await listProtections(await session.store())
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

function subjectOf(config: Config, object: string | undefined, backend: string | undefined): Protectable {
  if (backend !== undefined) backendNamed(config, backend)
  if (object !== undefined) {
    const { model, key } = namedObject(config, object)
    return { kind: 'object', model: model.name, key, backend: backend ?? null }
  }
  if (backend !== undefined) return { kind: 'backend', backend }
  throw new OrchestraError('ORC_USAGE', 'Nothing says whose protection is to end', {
    hint: 'Give an object (site:12), --backend NAME, or both; `orchestra protect` lists them',
  })
}
