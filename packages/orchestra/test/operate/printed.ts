import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Act, Work } from '../../src/cli/command.ts'
import { createProgram } from '../../src/cli/program.ts'
import { Session } from '../../src/cli/session.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import type { Asker } from './world.ts'

/** What a command prints for programs. */
export async function printed(line: string, { load, environment }: Asker): Promise<unknown> {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const terminal = new Terminal(streams, { json: true, environment: {} })
  const session = new Session({ terminal, options: { by: 'alice' }, directory: '/', environment })
  session.config = load
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
  return JSON.parse(await text(streams.stdout))
}
