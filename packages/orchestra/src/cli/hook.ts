import type { Command } from 'commander'
import type { HookDelivery, HookView } from '../hooks/index.ts'
import { hookAdd, hookList, hookRemove, hookShow } from '../operate/index.ts'
import { age } from './ages.ts'
import { type Act, severalTimes, wholeNumber, withExamples } from './command.ts'
import { scopeText } from './scope-options.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

interface AddOptions {
  does: string
  user?: string
  server?: string[]
  backend?: string[]
  model?: string[]
  serverAt?: string
  backendAt?: string
  modelAt?: string
  objectAt?: string
  keyAt?: string[]
  publicKey?: string
}

export function addHookCommands(program: Command, act: Act): void {
  const hook = withExamples(
    program
      .command('hook')
      .description('Programs elsewhere that may say, over HTTP, that something is to be looked at'),
    'hook list',
  )
  const list = hook
    .command('list')
    .description('All of them, and what they said last')
    .action(act(listCommand))
  withExamples(list, 'hook list', 'hook list --json')
  const show = hook
    .command('show <name>')
    .description('What one was told within a week, and what came of that, the newest first')
    .option('--before <delivery>', 'Deliveries older than this one', wholeNumber(1))
    .option('--limit <count>', 'How many', wholeNumber(1), 50)
    .action(act(showCommand))
  withExamples(show, 'hook show shop', 'hook show shop --json')
  const add = hook
    .command('add <name>')
    .description('Listen to a program elsewhere, and print its secret this once unless it signs')
    .requiredOption('--does <deed>', 'What its messages have done: collect, check or sync')
    .option('--user <user>', 'Whose it is: it never may more than he')
    .option('--server <server>', 'Only for this server; several times', severalTimes)
    .option('--backend <backend>', 'Only for this backend; several times', severalTimes)
    .option('--model <model>', 'Only for this model; several times', severalTimes)
    .option('--server-at <pointer>', 'Where in a message stands the server: /data/host')
    .option('--backend-at <pointer>', 'Where the backend stands')
    .option('--model-at <pointer>', 'Where the model stands')
    .option('--object-at <pointer>', 'Where the object stands, as site:12')
    .option(
      '--key-at <pointer>',
      'Where the key of the object stands; once for each part of it',
      severalTimes,
    )
    .option('--public-key <key>', 'The sender signs with the private part of this one: whpk_...')
    .action(act(addCommand))
  withExamples(
    add,
    'hook add shop --does collect --model site --key-at /data/site_id',
    'hook add deploys --does check --server web1 --server web2 --server-at /host',
    'hook add nightly --does sync --server web1 --public-key whpk_1OusqJIVWKN4QjLlMLcA6Yd8vjTuVNUcVmFh6fAyn9k=',
  )
  const remove = hook
    .command('remove <name>')
    .description('Listen to it no more, and forget what it said')
    .action(act(removeCommand))
  withExamples(remove, 'hook remove shop')
}

async function listCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const hooks = await session.run(hookList, {})
  terminal.tell(hooks, ...table(columns, hooks, terminal.width))
  if (hooks.length === 0) terminal.note('nobody is listened to: orchestra hook add')
  return 'done'
}

async function showCommand(
  session: Session,
  name: string,
  page: { before?: number; limit: number },
): Promise<Ending> {
  const { terminal } = session
  const hook = await session.run(hookShow, { hook: name, ...page })
  terminal.tell(
    hook,
    ...table(columns, [hook], terminal.width),
    ...table(deliveryColumns, hook.deliveries, terminal.width),
  )
  if (hook.deliveries.length === 0) terminal.note('it was told nothing within a week')
  return 'done'
}

async function addCommand(session: Session, name: string, options: AddOptions): Promise<Ending> {
  const { does, user, publicKey, server, backend, model, ...pointers } = options
  const { serverAt, backendAt, modelAt, objectAt, keyAt } = pointers
  const added = await session.run(hookAdd, {
    hook: name,
    does: does as 'collect',
    ...{ user, publicKey, servers: server, backends: backend, models: model },
    at: { server: serverAt, backend: backendAt, model: modelAt, object: objectAt, key: keyAt },
  })
  const { terminal } = session
  terminal.tell(added, added.secret ?? `hook ${name} takes what is signed with the private part of that key`)
  if (added.secret !== null)
    terminal.note('the sender shows it as Authorization: Bearer; it is not shown again')
  terminal.note(`it listens at /api/v1/hooks/${encodeURIComponent(name)}/deliver of the API`)
  return 'done'
}

async function removeCommand(session: Session, name: string): Promise<Ending> {
  session.terminal.tell(await session.run(hookRemove, { hook: name }), `hook ${name} is listened to no more`)
  return 'done'
}

const columns: Column<HookView>[] = [
  { title: 'HOOK', value: ({ name }) => name },
  { title: 'DOES', value: ({ does }) => does },
  { title: 'USER', value: ({ user }) => user },
  {
    title: 'FOR',
    value: ({ servers, backends, models }) => scopeText({ servers, backends, models, actions: null }),
  },
  { title: 'PROOF', value: ({ proof }) => proof },
  { title: 'LAST', value: ({ last }) => (last === null ? null : `${last.state}, ${age(last.at)} ago`) },
]

const deliveryColumns: Column<HookDelivery>[] = [
  { title: 'DELIVERY', value: ({ id }) => id, align: 'right' },
  { title: 'AGE', value: ({ receivedAt }) => age(receivedAt), align: 'right' },
  { title: 'MESSAGE', value: ({ message }) => message },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'RESULT', value: ({ result }) => resultText(result) },
  { title: 'ERROR', value: ({ error }) => error?.message ?? null },
]

function resultText(result: HookDelivery['result']): string | null {
  if (result === null) return null
  return 'unit' in result ? `unit ${result.unit}` : `sync ${result.sync}`
}
