import type { Command } from 'commander'
import type { Finding } from '../inspect/index.ts'
import type { News } from '../operate/index.ts'
import { driftList, isDrift } from '../operate/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import type { Terminal } from './terminal.ts'
import { linesOf, oneLine } from './text-width.ts'

/** Findings that people are shown; programs get all. */
const MOST_SHOWN = 100

export function addDriftCommand(program: Command, act: Act): Command {
  const drift = program
    .command('drift')
    .description('What the last looks at servers found otherwise than it should be')
    .option('--server <name>', 'On this server only')
    .option('--backend <name>', 'Of this backend only')
    .option('--object <object>', 'Of this object only, for example site:12')
    .option(...queryOption)
    .action(act(driftCommand))
  withExamples(drift, 'drift', 'drift --server web1 --backend nginx-site', 'sync --check; orchestra drift')
  return drift
}

async function driftCommand(
  session: Session,
  options: { server?: string; backend?: string; object?: string; query?: string },
): Promise<Ending> {
  const { terminal } = session
  const leftOut: string[] = []
  const onNews = (news: News) => {
    if (news.kind === 'left-out') leftOut.push(news.text)
  }
  const findings = await session.run(driftList, askedBy(options), { onNews })
  terminal.tell(findings, ...driftLines(findings, terminal))
  for (const text of leftOut) terminal.note(text)
  return findings.some(isDrift) || leftOut.length > 0 ? 'unfinished' : 'done'
}

/** What people read of findings: a heading, then what differs. */
export function driftLines(findings: readonly Finding[], terminal: Terminal): string[] {
  if (findings.length === 0) return ['Nothing was found otherwise than it should be.']
  const lines = findings.slice(0, MOST_SHOWN).flatMap((finding) => findingLines(finding, terminal))
  const more = findings.length - MOST_SHOWN
  return [...lines, ...(more > 0 ? [`and ${more} more: --json shows all`] : []), ...adviceLines(findings)]
}

/** What one can do about it. */
function adviceLines(findings: readonly Finding[]): string[] {
  const has = (...states: Finding['state'][]) => findings.some(({ state }) => states.includes(state))
  return [
    ...(has('drifted', 'missing') ? ['orchestra sync writes it as the rows say'] : []),
    ...(has('orphaned') ? ['orchestra sync removes what is orphaned: ours, and without a row'] : []),
    ...(findings.some(({ state, object }) => state === 'unowned' && object === null)
      ? ['what is unowned stays; `ignore.found` of its backend hides it']
      : []),
  ]
}

const colours = {
  drifted: 'yellow',
  missing: 'red',
  unknown: 'dim',
  unowned: 'dim',
  orphaned: 'yellow',
} as const

/** How something was found, as people read it. */
export function stateText(state: Finding['state'], terminal: Terminal): string {
  return terminal.colour(colours[state], state)
}

function findingLines(finding: Finding, terminal: Terminal): string[] {
  const { server, backend, object, identity, state, stale, since } = finding
  const named = object === null ? oneLine(identity) : `${oneLine(object)} (${oneLine(identity)})`
  const why = stale ? ', and its backend renders it otherwise than when it was applied' : ''
  return [
    `${stateText(state, terminal)} ${named}: ${backend} on ${server}, for ${age(since)}${why}`,
    ...differenceLines(finding, terminal),
  ]
}

/** What people read of differences. */
export function differenceLines({ differences }: Pick<Finding, 'differences'>, terminal: Terminal): string[] {
  return differences.flatMap(({ title, reason, diff }) =>
    diff === undefined
      ? [`  ${oneLine(title)}: ${oneLine(reason ?? 'differs')}`]
      : diffLines(diff).map((line) => `  ${paint(line, terminal)}`),
  )
}

function diffLines(diff: string): string[] {
  return linesOf(diff).filter((line) => line !== '')
}

function paint(line: string, terminal: Terminal): string {
  if (line.startsWith('+')) return terminal.colour('green', line)
  if (line.startsWith('-')) return terminal.colour('red', line)
  return line.startsWith('@@') ? terminal.colour('cyan', line) : line
}
