import type { Command } from 'commander'
import { pause, resume } from '../server/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'

export function addPauseCommands(program: Command, act: Act): void {
  const pausing = program
    .command('pause')
    .description('Let all work wait, everywhere; nothing is lost')
    .option('--reason <text>', 'Shown to whoever asks why', '')
    .action(act(pauseCommand))
  withExamples(pausing, 'pause --reason "storage migration"')
  const resuming = program.command('resume').description('End a pause').action(act(resumeCommand))
  withExamples(resuming, 'resume')
}

async function pauseCommand(session: Session, { reason }: { reason: string }): Promise<Ending> {
  const value = await pause(await session.store(), { by: session.by, reason })
  session.terminal.tell(
    { paused: value },
    'paused: work waits until `orchestra resume`; scripts that run end by themselves',
  )
  return 'done'
}

async function resumeCommand(session: Session): Promise<Ending> {
  const wasPaused = await resume(await session.store(), { by: session.by })
  session.terminal.tell({ paused: null, wasPaused }, wasPaused ? 'work goes on' : 'nothing was paused')
  return 'done'
}
