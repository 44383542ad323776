import type { Command } from 'commander'
import type { Diagnosis } from '../doctor/index.ts'
import { doctorExamine } from '../operate/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import type { Terminal } from './terminal.ts'
import { linesOf } from './text-width.ts'

export function addDoctorCommand(program: Command, act: Act): void {
  const doctor = program
    .command('doctor')
    .description('Check configuration, store, key, capture, servers, routes and worker; says what to do')
    .action(act(doctorCommand))
  withExamples(doctor, 'doctor', 'doctor --json')
}

async function doctorCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const findings = await session.runAlone(doctorExamine, {})
  terminal.tell(findings, ...findings.flatMap((finding) => findingLines(finding, terminal)))
  return findings.every(({ state }) => state === 'ok') ? 'done' : 'unfinished'
}

function findingLines({ check, state, message, hint }: Diagnosis, terminal: Terminal): string[] {
  const mark = terminal.colour(state === 'ok' ? 'green' : 'red', state.padEnd('problem'.length))
  const [first, ...more] = linesOf(message)
  return [
    `${mark}  ${check}: ${first}`,
    ...more.map((line) => `         ${line}`),
    ...(hint === null ? [] : linesOf(hint).map((line) => `         ${line}`)),
  ]
}
