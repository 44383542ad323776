import type { Command } from 'commander'
import { objectCollect, shortUnit } from '../operate/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'

export function addCollectCommand(program: Command, act: Act): void {
  const collect = program
    .command('collect <object>')
    .description('Look at the row of an object now, as after a change of it')
    .action(act(collectCommand))
  withExamples(collect, 'collect site:12')
}

async function collectCommand(session: Session, object: string): Promise<Ending> {
  const collected = await session.run(objectCollect, { object })
  const become = `what becomes of it: orchestra unit show ${shortUnit(collected.unit)}`
  session.terminal.tell(collected, 'its row is looked at', become)
  return 'done'
}
