import type { Command } from 'commander'
import { pauseShow, workPause, workResume } from '../operate/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { oneLine } from './text-width.ts'

export function addPauseCommands(program: Command, act: Act): void {
  const pausing = program
    .command('pause')
    .description('Let all work wait, everywhere; nothing is lost')
    .option('--reason <text>', 'Shown to whoever asks why', '')
    .action(act(pauseCommand))
  withExamples(pausing, 'pause --reason "storage migration"')
  const showing = pausing
    .command('show')
    .description('Whether all work waits, and why')
    .action(act(showCommand))
  withExamples(showing, 'pause show')
  const resuming = program.command('resume').description('End a pause').action(act(resumeCommand))
  withExamples(resuming, 'resume')
}

async function pauseCommand(session: Session, { reason }: { reason: string }): Promise<Ending> {
  session.terminal.tell(
    await session.run(workPause, { reason }),
    'paused: work waits until `orchestra resume`; scripts that run end by themselves',
  )
  return 'done'
}

async function showCommand(session: Session): Promise<Ending> {
  const shown = await session.run(pauseShow, {})
  const { paused } = shown
  const why = paused === null || paused.reason === '' ? '' : `: ${oneLine(paused.reason)}`
  session.terminal.tell(
    shown,
    paused === null ? 'nothing is paused' : `paused by ${oneLine(paused.by)} for ${age(paused.at)}${why}`,
  )
  return 'done'
}

async function resumeCommand(session: Session): Promise<Ending> {
  const resumed = await session.run(workResume, {})
  session.terminal.tell(resumed, resumed.wasPaused ? 'work goes on' : 'nothing was paused')
  return 'done'
}
