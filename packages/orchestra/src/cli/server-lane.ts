import type { Command } from 'commander'
import { laneShow } from '../operate/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { operationLines } from './operation-lines.ts'
import type { Ending, Session } from './session.ts'
import { stateOf } from './status.ts'

export function addLaneCommand(server: Command, act: Act): void {
  const lane = server
    .command('lane <server>')
    .description('What runs on one server, what waits there, and for what')
    .option('--limit <count>', 'How many of those that wait', wholeNumber(1), 50)
    .action(act(laneCommand))
  withExamples(lane, 'server lane web1', 'server lane web1 --json')
}

async function laneCommand(session: Session, server: string, options: { limit: number }): Promise<Ending> {
  const { terminal } = session
  const lane = await session.run(laneShow, { server, ...options })
  const { status, running, waiting } = lane
  terminal.tell(
    lane,
    `${server}: ${stateOf(status)}, ${status.running} running, ${status.waiting} waiting`,
    ...[...running, ...waiting].flatMap((one) => operationLines(one, terminal)),
  )
  return 'done'
}
