import type { Command } from 'commander'
import type { Adopted, AdoptionQuestion, Agreement, SurveyView } from '../operate/index.ts'
import { adoptionSurvey, adoptionTake } from '../operate/index.ts'
import { type Act, withExamples } from './command.ts'
import { askYes } from './consent.ts'
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
  const { server, backend, all = false, overwrite = false, yes = false } = options
  if (objects.length === 0 && !all) return show(session, options)
  const agree = async (question: AdoptionQuestion): Promise<Agreement> =>
    yes ? 'given' : confirm(session, question)
  const asked = { server, backend, objects, all, overwrite }
  const taken = await session.run(adoptionTake, asked, { agree })
  session.terminal.tell(taken, ...takenLines(taken, server))
  return taken.left === 0 ? 'done' : 'unfinished'
}

/** Who cannot be asked may take over what changes nothing. */
async function confirm(session: Session, { server, right, changing }: AdoptionQuestion): Promise<Agreement> {
  if (changing === 0 && !session.terminal.isInteractive) return 'given'
  return askYes(session, `Adopt ${right} objects and change ${changing} on ${server}?`)
}

function takenLines({ adopted, overwritten, left, units }: Adopted, server: string): string[] {
  return [
    units.length === 0 ? `${adopted} adopted; nothing was changed on ${server}` : `${adopted} adopted`,
    ...(units.length === 0
      ? []
      : [`${overwritten} are written as their rows say: orchestra unit show ${units.join(', ')}`]),
    ...(left === 0
      ? []
      : [
          `${left} different were left as they are: --overwrite takes them over and writes them as their rows say`,
        ]),
  ]
}

async function show(session: Session, { server, backend }: AdoptOptions): Promise<Ending> {
  const { terminal } = session
  const { backends } = await session.run(adoptionSurvey, { server, backend })
  const lines = backends.flatMap((found) => [
    ...(backend === undefined ? [found.backend] : []),
    ...linesOf(terminal, found),
  ])
  const which = backend === undefined ? '' : ` --backend ${backend}`
  const hint = `orchestra adopt${which} --server ${server} --all takes over what is right already`
  const anyRight = backends.some(({ right }) => right.length > 0)
  terminal.tell(surveyDocument(backends, backend), ...lines, ...(anyRight ? [hint] : []))
  return 'done'
}

/** Of the one backend that was asked for, only what was found. */
function surveyDocument(backends: readonly SurveyView[], asked: string | undefined): unknown {
  const [first] = backends
  if (asked === undefined || first === undefined) return { backends }
  const { backend: _, ...found } = first
  return found
}

function linesOf(terminal: Terminal, found: SurveyView): string[] {
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
