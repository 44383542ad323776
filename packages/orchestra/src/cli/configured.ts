import type { Command } from 'commander'
import { type BackendView, backendList, type ModelView, modelFields, modelList } from '../operate/index.ts'
import type { Completion } from '../router/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addConfiguredCommands(program: Command, act: Act): void {
  const model = withExamples(
    program.command('model').description('What the application has: the models of the configuration'),
    'model list',
  )
  const models = model
    .command('list')
    .description('The models: their tables, and who places their objects')
    .action(act(modelsCommand))
  withExamples(models, 'model list', 'model list --json')
  const fields = model
    .command('fields <model>')
    .description('What match expressions of a model can read')
    .action(act(fieldsCommand))
  withExamples(fields, 'model fields site')
  const backend = withExamples(
    program.command('backend').description('Who places it: the backends of the configuration'),
    'backend list',
  )
  const backends = backend
    .command('list')
    .description('The backends, in the order of their scripts, with what they do by policy')
    .action(act(backendsCommand))
  withExamples(backends, 'backend list', 'backend list --json')
}

async function modelsCommand(session: Session): Promise<Ending> {
  const models = await session.runAlone(modelList, {})
  session.terminal.tell(models, ...table(modelColumns, models, session.terminal.width))
  return 'done'
}

const modelColumns: Column<ModelView>[] = [
  { title: 'MODEL', value: ({ name }) => name },
  { title: 'TABLE', value: ({ table: name }) => name },
  { title: 'KEY', value: ({ key }) => key.join(', ') },
  { title: 'RELATED', value: ({ related }) => related.join(', ') || null },
  { title: 'BACKENDS', value: ({ backends }) => backends.join(', ') || null },
]

async function fieldsCommand(session: Session, model: string): Promise<Ending> {
  const completion = await session.runAlone(modelFields, { model })
  session.terminal.tell(completion, ...table(fieldColumns, completion.fields, session.terminal.width))
  return 'done'
}

const fieldColumns: Column<Completion['fields'][number]>[] = [
  { title: 'FIELD', value: ({ path }) => path },
  { title: 'TYPE', value: ({ type, nullable }) => (nullable ? `${type} or null` : type) },
  { title: 'VALUES', value: ({ values }) => values?.join(', ') ?? null },
]

async function backendsCommand(session: Session): Promise<Ending> {
  const backends = await session.runAlone(backendList, {})
  session.terminal.tell(backends, ...table(backendColumns, backends, session.terminal.width))
  return 'done'
}

const backendColumns: Column<BackendView>[] = [
  { title: 'BACKEND', value: ({ name }) => name },
  { title: 'MODEL', value: ({ model }) => model },
  { title: 'WRITES', value: ({ writes }) => writes },
  { title: 'RENAME', value: ({ onRename }) => onRename },
  { title: 'MOVE', value: ({ onMove }) => onMove },
  { title: 'DRIFT', value: ({ onDrift }) => onDrift },
  { title: 'AFTER', value: ({ after }) => after.join(', ') || null },
  { title: 'ACTIONS', value: ({ actions }) => actions.join(', ') || null },
]
