import type { Command } from 'commander'
import type { KeyState, KeyStatus, Progress } from '../key/index.ts'
import type { KeyRotated, News } from '../operate/index.ts'
import { keyDrop, keyRotate, keyShow } from '../operate/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { stopSignals } from './up-signals.ts'

export function addKeyCommands(program: Command, act: Act): void {
  const key = withExamples(
    program.command('key').description('The keys that secrets are encrypted with in the store'),
    'key status',
    'key rotate',
  )
  const status = key
    .command('status')
    .description('Show which keys there are, by their ids, and what needs them')
    .action(act(statusCommand))
  withExamples(status, 'key status')
  const rotate = key
    .command('rotate')
    .description('Encrypt everything with a new key, while workers run; run again, it goes on where it was')
    .option('--wait <seconds>', 'How long to wait for workers to have the key', wholeNumber(0), 30)
    .action(act(rotateCommand))
  withExamples(rotate, 'key rotate')
  const drop = key
    .command('drop <id>')
    .description('Take a key that nothing needs any more out of the key file')
    .action(act(dropCommand))
  withExamples(drop, 'key drop 1f0c22ab')
}

async function statusCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const status = await session.run(keyShow, {})
  terminal.tell(status, ...statusLines(status, terminal.width))
  const isWhole = status.rotationTo === null && status.keys.every(({ state }) => state !== 'missing')
  return isWhole ? 'done' : 'unfinished'
}

const saysState: Record<KeyState, string> = {
  encrypts: 'encrypts',
  decrypts: 'decrypts only',
  unused: 'unused: may be dropped',
  missing: 'not here: what it encrypted cannot be read',
}

function statusLines({ source, keys, rotationTo, workers }: KeyStatus, width: number): string[] {
  const columns = [
    { title: 'KEY', value: (key: KeyStatus['keys'][number]) => key.id },
    { title: 'STATE', value: (key: KeyStatus['keys'][number]) => saysState[key.state] },
    { title: 'ROWS', value: (key: KeyStatus['keys'][number]) => key.rows, align: 'right' as const },
  ]
  return [
    `keys from ${source}`,
    ...table(columns, keys, width),
    ...(rotationTo === null
      ? []
      : [`A rotation to ${rotationTo} is not finished: run \`orchestra key rotate\``]),
    ...workers.map(
      ({ name, keyIds }) => `${name} has ${keyIds?.join(', ') ?? 'an earlier release, which does not say'}`,
    ),
  ]
}

async function rotateCommand(session: Session, { wait }: { wait: number }): Promise<Ending> {
  const { terminal } = session
  const stopping = new AbortController()
  const signals = stopSignals()
  void signals.first.then(() => stopping.abort())
  const onNews = (news: News) => {
    if (news.kind === 'rotating') tellProgress(terminal, news.progress)
  }
  try {
    const rotation = await session.run(keyRotate, { wait }, { signal: stopping.signal, onNews })
    terminal.progress('')
    terminal.tell(rotation, ...rotationLines(rotation))
    return rotation.kind === 'rotated' && rotation.unreadable === 0 ? 'done' : 'unfinished'
  } finally {
    signals.close()
  }
}

function tellProgress(terminal: Terminal, progress: Progress): void {
  if (progress.step === 'key-made') terminal.note(`key ${progress.keyId} is made`)
  else if (progress.step === 'encrypts') terminal.note(`key ${progress.keyId} encrypts from now on`)
  else if (progress.step === 'resealing') terminal.progress(`${progress.rows} rows looked at`)
  else terminal.progress(`waiting until every worker has key ${progress.keyId}`)
}

function rotationLines(rotation: KeyRotated): string[] {
  if (rotation.kind === 'stopped')
    return ['stopped: both keys are valid, and `orchestra key rotate` goes on from here']
  const { keyId, formerKeyIds, resealed, unreadable, keysFrom } = rotation
  return [
    `everything is encrypted with key ${keyId} (${resealed} rows were changed)`,
    ...(unreadable === 0
      ? []
      : [`${unreadable} rows cannot be read with any key that is here: see \`orchestra key status\``]),
    ...formerKeyIds.map((id) => droppable(id, keysFrom)),
  ]
}

/** Older backups stay encrypted with it. */
function droppable(id: string, source: KeyRotated['keysFrom']): string {
  const how = source === 'file' ? `\`orchestra key drop ${id}\`` : 'take it out of ORCHESTRA_KEY'
  return `nothing needs key ${id} any more: ${how}, and keep it with the backups that were made before`
}

async function dropCommand(session: Session, id: string): Promise<Ending> {
  const dropped = await session.run(keyDrop, { id })
  session.terminal.tell(dropped, `key ${id} is dropped; backups that were made before need it`)
  return 'done'
}
