import type { LogLine, LogRecord } from '../../logs/index.ts'
import { eventFollow, logShow, logWatch } from '../../operate/index.ts'
import type { HappeningPage } from '../../placements/index.ts'
import { stream } from '../build.ts'
import type { Ask, Given, StreamEvent } from '../endpoint.ts'

const { log, from } = logWatch.input.shape

export const streamEndpoints = [
  stream({
    path: '/logs/{log}/stream',
    verb: logWatch,
    params: { log },
    query: { from },
    tells: tellLines,
    // The line that was told last is not told again.
    resumes: { name: 'from', from: (id) => (/^\d{1,15}$/.test(id) ? String(Number(id) + 1) : id) },
  }),
  stream({
    path: '/events/stream',
    verb: eventFollow,
    query: { cursor: eventFollow.input.shape.after },
    input: ({ query }) => ({ after: query.cursor }),
    tells: tellHappenings,
    resumes: { name: 'cursor', from: (id) => id },
  }),
]

/** Lines as they come, then how the log ended. */
async function* tellLines(output: unknown, given: Given, ask: Ask): AsyncGenerator<StreamEvent> {
  for await (const lines of output as AsyncIterable<LogLine[]>)
    yield { id: String(lines.at(-1)?.n), event: 'lines', data: lines }
  const record = (await ask(logShow, { log: given.params.log })) as LogRecord
  if (record.endedAt !== null) yield { id: '', event: 'end', data: record }
}

/** Everything that happens, and behind each page where to go on. */
async function* tellHappenings(output: unknown): AsyncGenerator<StreamEvent> {
  for await (const { events, next } of output as AsyncIterable<HappeningPage>) {
    for (const { cursor, ...happening } of events)
      yield { id: cursor, event: happening.event, data: { ...happening, cursor } }
    yield { id: next }
  }
}
