import type { Command } from 'commander'
import type { AuditVerified } from '../audit/index.ts'
import { auditExport, auditHead, auditList, auditVerify, toExactJson } from '../operate/index.ts'
import type { AuditView } from '../server/index.ts'
import { age } from './ages.ts'
import { type Act, moment, wholeNumber, withExamples } from './command.ts'
import { askedBy, queryOption } from './query.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

interface ListOptions {
  query?: string
  of?: string
  action?: string
  target?: string
  since?: Date
  before?: number
  limit: number
}

export function addAuditCommands(program: Command, act: Act): void {
  const audit = withExamples(
    program.command('audit').description('What people did to Orchestra itself: servers, routes, keys, holds'),
    'audit list',
  )
  const list = audit
    .command('list')
    .description('Entries that fit, the newest first')
    .option(...queryOption)
    .option('--of <name>', 'What this person did')
    .option('--action <action>', 'This action, or all that begin so: server.set, route')
    .option('--target <target>', 'What was done to this: a server, route:3, site:12')
    .option('--since <time>', 'Not older than this: 12h, 30d, or 2026-04-12', moment)
    .option('--before <entry>', 'Older than this entry', wholeNumber(1))
    .option('--limit <count>', 'How many', wholeNumber(1), 50)
    .action(act(listCommand))
  withExamples(
    list,
    'audit list',
    'audit list --of alice --since 7d',
    'audit list --action route --json',
    'audit list --target web1',
  )
  const exported = audit
    .command('export')
    .description('Entries with their hashes as lines of JSON, in the order in which they are chained')
    .option('--of <name>', 'What this person did')
    .option('--action <action>', 'This action, or all that begin so: server.set, route')
    .option('--target <target>', 'What was done to this: a server, route:3, site:12')
    .option('--since <time>', 'Not older than this: 12h, 30d, or 2026-04-12', moment)
    .option('--until <time>', 'Older than this', moment)
    .action(act(exportCommand))
  withExamples(exported, 'audit export --since 30d > audit.jsonl')
  const head = audit
    .command('head')
    .description('Where the chain ends now: posted elsewhere, it tells later whether anything was changed')
    .action(act(headCommand))
  withExamples(head, 'audit head')
  const verify = audit
    .command('verify')
    .description('Whether the audit is as it was written; exit code 2 and the first entry that does not fit')
    .option('--head <head>', 'What `audit head` printed before: it has to be a part of the chain')
    .action(act(verifyCommand))
  withExamples(verify, 'audit verify', `audit verify --head 3:${'0'.repeat(64)} --json`)
}

async function listCommand(session: Session, { of: by, ...search }: ListOptions): Promise<Ending> {
  const { terminal } = session
  const entries = await session.run(auditList, { by, ...askedBy(search) })
  terminal.tell(entries, ...table(columns, entries, terminal.width))
  if (entries.length === 0) terminal.note('no entries fit')
  return 'done'
}

async function exportCommand(
  session: Session,
  { of: by, ...search }: Omit<ListOptions, 'before' | 'limit'> & { until?: Date },
): Promise<Ending> {
  for await (const entry of await session.run(auditExport, { by, ...search })) session.terminal.record(entry)
  return 'done'
}

async function headCommand(session: Session): Promise<Ending> {
  const head = await session.run(auditHead, {})
  session.terminal.tell(head, head.text)
  if (head.unlinked > 0) session.terminal.note(unlinkedText(head))
  return 'done'
}

async function verifyCommand(session: Session, options: { head?: string }): Promise<Ending> {
  const { terminal } = session
  const verified = await session.run(auditVerify, options)
  terminal.tell(verified, ...verifiedLines(verified))
  if (verified.unlinked > 0) terminal.note(unlinkedText(verified))
  return verified.state === 'whole' ? 'done' : 'unfinished'
}

function verifiedLines({ entries, anchor, head, fault }: AuditVerified): string[] {
  const dropped = anchor.link === 0 ? '' : `, behind ${anchor.link} that retention dropped`
  const fitting = `${entries} ${entries === 1 ? 'entry fits' : 'entries fit'}${dropped}`
  return fault === null
    ? [`whole: ${fitting}`, `head ${head.link}:${head.hash}`]
    : [`broken: ${fault.text}`, fitting]
}

function unlinkedText({ unlinked }: { unlinked: number }): string {
  return `${unlinked} written just now ${unlinked === 1 ? 'has' : 'have'} no link yet: a worker chains them within seconds`
}

const columns: Column<AuditView>[] = [
  { title: 'ENTRY', value: ({ id }) => id, align: 'right' },
  { title: 'AGE', value: ({ at }) => age(at), align: 'right' },
  { title: 'BY', value: ({ by }) => by },
  { title: 'ACTION', value: ({ action }) => action },
  { title: 'TARGET', value: ({ target }) => target },
  { title: 'DETAIL', value: detailText },
]

function detailText({ detail }: AuditView): string | null {
  if (detail === null) return null
  const parts = Object.entries(detail).filter(([, value]) => value !== null && value !== '')
  return parts
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : toExactJson(value)}`)
    .join(', ')
}
