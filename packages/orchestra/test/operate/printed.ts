import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Act, Work } from '../../src/cli/command.ts'
import { createProgram } from '../../src/cli/program.ts'
import { Session } from '../../src/cli/session.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import type { Asker } from './world.ts'

/** What a command prints for programs. */
export async function printed(line: string, asker: Asker): Promise<unknown> {
  return (await typed(line, asker)).printed
}

/** A command that somebody types: what it prints for programs, and what the verbs answered that it asked for. */
export async function typed(
  line: string,
  { load, environment }: Asker,
): Promise<{ printed: unknown; answered: { verb: string; answer: unknown }[] }> {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const terminal = new Terminal(streams, { json: true, environment: {} })
  const session = new Session({ terminal, options: { by: 'alice' }, directory: '/', environment })
  session.config = load
  const answered: { verb: string; answer: unknown }[] = []
  const noting =
    (run: (verb: AnyVerb, ...rest: never[]) => Promise<unknown>) =>
    async (verb: AnyVerb, ...rest: never[]) => {
      const answer = await run.call(session, verb, ...rest)
      answered.push({ verb: verb.name, answer })
      return answer
    }
  Object.assign(session, { run: noting(session.run), runAlone: noting(session.runAlone) })
  const act: Act =
    <Args extends unknown[]>(work: Work<Args>) =>
    async (...all: [...Args, Command]) => {
      await work(session, ...(all.slice(0, -1) as unknown as Args))
    }
  try {
    await createProgram(act, streams).parseAsync(line.split(' '), { from: 'user' })
  } finally {
    await session.close()
  }
  streams.stdout.end()
  return { printed: JSON.parse(await text(streams.stdout)), answered }
}
