import type { Command } from 'commander'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { backendNamed } from '../config/names.ts'
import { OrchestraError } from '../errors.ts'
import {
  adopt,
  adoptShared,
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
import { NotAgreed } from './consent.ts'
import { differenceLines } from './drift.ts'
import type { Ending, Session } from './session.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

/** Items of a kind that people are shown. */
const MOST_SHOWN = 50

interface AdoptOptions {
  backend?: string
  server: string
  all?: boolean
  overwrite?: boolean
  yes?: boolean
}

/** What was found of one backend. */
interface Surveyed {
  context: SurveyContext
  found: Survey
}

/** What is to be taken of one backend. */
interface Chosen {
  context: SurveyContext
  right: readonly Candidate[]
  different: readonly Candidate[]
}

export function addAdoptCommand(program: Command, act: Act): void {
  const command = program
    .command('adopt [objects...]')
    .description('Take over what a server has already; without objects and --all, only show it')
    .requiredOption('--server <name>', 'Where to look')
    .option('--backend <name>', 'What to look for; default everything')
    .option('--all', 'Everything that matches, and what all objects share')
    .option('--overwrite', 'Also what is different: write it as its row says')
    .option('--yes', 'Do not ask')
    .action(act(adoptCommand))
  withExamples(
    command,
    'adopt --server web1',
    'adopt --backend nginx-site --server web1 site:12 site:13',
    'adopt --server web1 --all --overwrite',
  )
}

async function adoptCommand(session: Session, objects: string[], options: AdoptOptions): Promise<Ending> {
  const { config } = await session.config()
  const store = await session.store()
  const backends = backendsOf(config, objects, options)
  const server = await getServer(store, options.server)
  const methods = createMethods({ environment: session.environment })
  try {
    const surveyed: Surveyed[] = []
    for (const backend of backends) {
      const context = { store, config, methods, server, backend }
      surveyed.push({ context, found: await survey(context) })
    }
    if (objects.length === 0 && options.all !== true) return show(session.terminal, surveyed, options)
    return await take(session, chosen(surveyed, objects), options)
  } finally {
    await methods.close()
  }
}

/** Everything that can be matched with rows, or is written as a whole. */
function backendsOf(config: Config, objects: readonly string[], options: AdoptOptions): Backend[] {
  if (options.backend === undefined) {
    if (objects.length > 0)
      throw new OrchestraError('ORC_USAGE', 'Objects are taken over for one backend', {
        hint: 'Say which: --backend NAME',
      })
    return [...config.backends.values()].filter(
      ({ model, sync }) => model.table !== null || sync !== undefined,
    )
  }
  return [backendNamed(config, options.backend)]
}

function chosen(surveyed: readonly Surveyed[], objects: readonly string[]): Chosen[] {
  const all = surveyed.map(({ context, found }) => ({
    context,
    right: named(found.right, objects),
    different: named(found.different, objects),
  }))
  const taken = all.flatMap(({ right, different }) => [...right, ...different])
  if (taken.length >= objects.length) return all
  const known = new Set(taken.map(({ object }) => object))
  const unknown = objects.filter((object) => !known.has(object))
  throw new OrchestraError('ORC_OBJECT_UNKNOWN', `Not there to be adopted: ${unknown.join(', ')}`, {
    hint: 'Without objects, the command shows what can be adopted',
  })
}

async function take(session: Session, all: readonly Chosen[], options: AdoptOptions): Promise<Ending> {
  const { terminal, by } = session
  const right = all.flatMap((one) => one.right)
  const different = all.flatMap((one) => one.different)
  const changing = options.overwrite === true ? different : []
  if (!(await agreed(terminal, right.length, changing.length, options))) return 'unfinished'
  let adopted = 0
  const units: string[] = []
  for (const one of all) {
    if (options.all === true) await adoptShared(one.context, by)
    adopted += await adopt(one.context, one.right, by)
    if (changing.length > 0 && one.different.length > 0)
      units.push(await overwrite(one.context, one.different, by))
  }
  const left = different.length - changing.length
  terminal.tell(
    { adopted, overwritten: changing.length, left, unit: units[0] ?? null, units },
    units.length === 0
      ? `${adopted} adopted; nothing was changed on ${options.server}`
      : `${adopted} adopted`,
    ...(units.length === 0
      ? []
      : [`${changing.length} are written as their rows say: orchestra unit show ${units.join(', ')}`]),
    ...(left === 0
      ? []
      : [
          `${left} different were left as they are: --overwrite takes them over and writes them as their rows say`,
        ]),
  )
  return left === 0 ? 'done' : 'unfinished'
}

async function agreed(
  terminal: Terminal,
  right: number,
  changing: number,
  { yes, server }: AdoptOptions,
): Promise<boolean> {
  if (yes === true || (changing === 0 && !terminal.isInteractive)) return true
  if (!terminal.isInteractive) {
    throw new NotAgreed(`${changing} objects would be changed on ${server}`, 'Say --yes when this is meant')
  }
  const question = `Adopt ${right} objects and change ${changing} on ${server}? [y/N]`
  return /^y(es)?$/i.test(await terminal.ask(question))
}

function show(terminal: Terminal, surveyed: readonly Surveyed[], options: AdoptOptions): Ending {
  const views = surveyed.map(({ context, found }) => ({ backend: context.backend.name, ...viewOfAll(found) }))
  const lines = surveyed.flatMap(({ context, found }) => [
    ...(options.backend === undefined ? [context.backend.name] : []),
    ...linesOf(terminal, found),
  ])
  const which = options.backend === undefined ? '' : ` --backend ${options.backend}`
  const hint = `orchestra adopt${which} --server ${options.server} --all takes over what is right already`
  const anyRight = surveyed.some(({ found }) => found.right.length > 0)
  const [first] = surveyed
  const json =
    options.backend === undefined || first === undefined ? { backends: views } : viewOfAll(first.found)
  terminal.tell(json, ...lines, ...(anyRight ? [hint] : []))
  return 'done'
}

function viewOfAll(found: Survey) {
  return {
    right: found.right.map(viewOf),
    different: found.different.map(viewOf),
    absent: found.absent.map(viewOf),
    unmatched: found.unmatched,
  }
}

function linesOf(terminal: Terminal, found: Survey): string[] {
  return [
    ...section('right already', found.right, ({ object, identity, placed }) => [
      `  ${nameOf(object, identity)}${placed === 'removed' ? ': its row is gone, and it is to be removed' : ''}`,
    ]),
    ...section('would be changed', found.different, (candidate) => [
      `  ${nameOf(candidate.object, candidate.identity)}`,
      ...differenceLines(candidate, terminal).map((line) => `  ${line}`),
    ]),
    ...section('without a row', found.unmatched, ({ identity, read }) => [
      `  ${oneLine(identity)}`,
      ...(read ?? '').split('\n').flatMap((line) => (line === '' ? [] : [`    ${oneLine(line)}`])),
    ]),
    ...section('not there yet', found.absent, ({ object, identity }) => [`  ${nameOf(object, identity)}`]),
  ]
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
