import type { Command } from 'commander'
import { OrchestraError } from '../errors.ts'
import {
  adopt,
  type Candidate,
  named,
  overwrite,
  type Survey,
  type SurveyContext,
  type SurveyedRow,
  survey,
} from '../inspect/index.ts'
import { createMethods } from '../methods/index.ts'
import { getServer } from '../server/index.ts'
import { type Act, withExamples } from './command.ts'
import { differenceLines } from './drift.ts'
import type { Ending, Session } from './session.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

/** Items of a kind that people are shown. */
const MOST_SHOWN = 50

interface AdoptOptions {
  backend: string
  server: string
  all?: boolean
  overwrite?: boolean
  yes?: boolean
}

export function addAdoptCommand(program: Command, act: Act): void {
  const command = program
    .command('adopt [objects...]')
    .description('Take over what a server has already; without objects and --all, only show it')
    .requiredOption('--backend <name>', 'What to look for')
    .requiredOption('--server <name>', 'Where to look')
    .option('--all', 'Everything that matches')
    .option('--overwrite', 'Also what is different: write it as its row says')
    .option('--yes', 'Do not ask')
    .action(act(adoptCommand))
  withExamples(
    command,
    'adopt --backend nginx-site --server web1',
    'adopt --backend nginx-site --server web1 site:12 site:13',
    'adopt --backend nginx-site --server web1 --all --overwrite',
  )
}

async function adoptCommand(session: Session, objects: string[], options: AdoptOptions): Promise<Ending> {
  const { config } = await session.config()
  const store = await session.store()
  const backend = config.backends.get(options.backend)
  if (backend === undefined) {
    throw new OrchestraError(
      'ORC_BACKEND_UNKNOWN',
      `No backend ${JSON.stringify(options.backend)} is defined`,
      {
        hint: `The configuration has ${[...config.backends.keys()].join(', ')}`,
      },
    )
  }
  const server = await getServer(store, options.server)
  const methods = createMethods({ environment: session.environment })
  try {
    const context = { store, config, methods, server, backend }
    const found = await survey(context)
    if (objects.length === 0 && options.all !== true) return show(session.terminal, found, options)
    return await take(session, context, chosen(found, objects), options)
  } finally {
    await methods.close()
  }
}

function chosen(found: Survey, objects: readonly string[]): Pick<Survey, 'right' | 'different'> {
  const right = named(found.right, objects)
  const different = named(found.different, objects)
  if (right.length + different.length >= objects.length) return { right, different }
  const known = new Set([...right, ...different].map(({ object }) => object))
  const unknown = objects.filter((object) => !known.has(object))
  throw new OrchestraError('ORC_OBJECT_UNKNOWN', `Not there to be adopted: ${unknown.join(', ')}`, {
    hint: 'Without objects, the command shows what can be adopted',
  })
}

async function take(
  session: Session,
  context: SurveyContext,
  { right, different }: Pick<Survey, 'right' | 'different'>,
  options: AdoptOptions,
): Promise<Ending> {
  const { terminal } = session
  const changing = options.overwrite === true ? different : []
  if (!(await agreed(terminal, right.length, changing.length, options))) return 'unfinished'
  const adopted = await adopt(context, right, session.by)
  const unit = changing.length === 0 ? null : await overwrite(context, changing, session.by)
  const left = different.filter((candidate) => !changing.includes(candidate))
  terminal.tell(
    { adopted, overwritten: changing.length, left: left.length, unit },
    unit === null ? `${adopted} adopted; nothing was changed on ${options.server}` : `${adopted} adopted`,
    ...(unit === null
      ? []
      : [`${changing.length} are written as their rows say: orchestra unit show ${unit}`]),
    ...leftLines(left, options.server),
  )
  return left.length === 0 ? 'done' : 'unfinished'
}

/** With work that waits, nobody needs to ask for it again. */
function leftLines(left: readonly Candidate[], server: string): string[] {
  const waiting = left.filter(({ waits }) => waits).length
  const others = left.length - waiting
  return [
    ...(waiting === 0
      ? []
      : [
          `${waiting} different: work that waits for ${server} writes them: orchestra plan --server ${server}`,
        ]),
    ...(others === 0
      ? []
      : [`${others} different were left as they are: --overwrite writes them as their rows say`]),
  ]
}

async function agreed(
  terminal: Terminal,
  right: number,
  changing: number,
  { yes, server }: AdoptOptions,
): Promise<boolean> {
  if (yes === true || (changing === 0 && !terminal.isInteractive)) return true
  if (!terminal.isInteractive) {
    throw new OrchestraError('ORC_USAGE', `${changing} objects would be changed on ${server}`, {
      hint: 'Say --yes when this is meant',
    })
  }
  const question = `Adopt ${right} objects and change ${changing} on ${server}? [y/N]`
  return /^y(es)?$/i.test(await terminal.ask(question))
}

function show(terminal: Terminal, found: Survey, { backend, server }: AdoptOptions): Ending {
  terminal.tell(
    {
      right: found.right.map(viewOf),
      different: found.different.map(viewOf),
      absent: found.absent.map(viewOf),
      unmatched: found.unmatched,
    },
    ...section('right already', found.right, ({ object, identity }) => [`  ${nameOf(object, identity)}`]),
    ...section('would be changed', found.different, (candidate) => [
      `  ${nameOf(candidate.object, candidate.identity)}`,
      ...differenceLines(candidate, terminal).map((line) => `  ${line}`),
    ]),
    ...section('without a row', found.unmatched, ({ identity, read }) => [
      `  ${oneLine(identity)}`,
      ...(read ?? '').split('\n').flatMap((line) => (line === '' ? [] : [`    ${oneLine(line)}`])),
    ]),
    ...section('not there yet', found.absent, ({ object, identity }) => [`  ${nameOf(object, identity)}`]),
    ...(found.right.length === 0
      ? []
      : [`orchestra adopt --backend ${backend} --server ${server} --all takes over what is right already`]),
  )
  return 'done'
}

function section<Item>(title: string, items: readonly Item[], lines: (item: Item) => string[]): string[] {
  const more = items.length - MOST_SHOWN
  return [
    `${items.length} ${title}`,
    ...items.slice(0, MOST_SHOWN).flatMap(lines),
    ...(more > 0 ? [`  and ${more} more: --json shows all`] : []),
  ]
}

function nameOf(object: string, identity: string): string {
  return `${oneLine(object)} as ${oneLine(identity)}`
}

function viewOf({ object, identity, differences, waits }: SurveyedRow) {
  return { object, identity, differences, waits }
}
