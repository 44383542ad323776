import type { Command } from 'commander'
import { metricsRead, metricsText } from '../operate/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'

export function addMetricsCommand(program: Command, act: Act): void {
  const metrics = program
    .command('metrics')
    .description('What monitoring watches, as Prometheus reads it: for the textfile collector, or to look at')
    .action(act(metricsCommand))
  withExamples(metrics, 'metrics', 'metrics > orchestra.prom', 'metrics --json')
}

async function metricsCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const metrics = await session.run(metricsRead, {})
  if (terminal.json) terminal.document(metrics)
  else await terminal.write(await metricsText(metrics))
  return 'done'
}
