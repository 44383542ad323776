import { z } from 'zod'
import { OrchestraError } from '../errors.ts'
import {
  followLog,
  followLogLines,
  type LogLine,
  type LogLines,
  type LogRecord,
  type LogSummary,
  listLogs,
  logStates,
  type OutputChunk,
  readLog,
  readLogLines,
  readOutput,
  readRange,
  readScript,
} from '../logs/index.ts'
import { defined, idField, limitField, momentField, selectorFields, textField } from './fields.ts'
import { checkNames } from './known.ts'
import { reading } from './verb.ts'
import { visibleRows } from './visible.ts'

const one = z.strictObject({ log: idField })

const readsLogs = ['status.read'] as const

export const logList = reading({
  name: 'log.list',
  about: 'Logs of scripts that fit, the newest first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    ...selectorFields,
    state: z.enum(logStates).optional(),
    /** What stands in the script or in the output. */
    text: textField.optional(),
    since: momentField.optional(),
    /** Older than this log. */
    before: idField.optional(),
    limit: limitField.default(20),
  }),
  run: async (context, search): Promise<LogSummary[]> => {
    const { text } = search
    // Who looks for a text learns whether it is there.
    const needed = text === undefined ? readsLogs : ([...readsLogs, 'output.read', 'script.read'] as const)
    const logs = await listLogs(
      context.store,
      defined({ ...search, visible: visibleRows(context, ...needed) }),
    )
    // Logs may be of what is gone: only where there are none, the name is wrong.
    if (logs.length === 0) await checkNames(context, search)
    return logs
  },
})

export const logShow = reading({
  name: 'log.show',
  about: 'One log: its operations with their outcomes',
  needs: 'store',
  answers: 'soon',
  input: one,
  run: ({ store }, { log }): Promise<LogRecord> => readLog(store, log),
})

export const logScript = reading({
  name: 'log.script',
  about: 'The script of a log, secrets by name',
  needs: 'store',
  answers: 'soon',
  input: one,
  run: ({ store }, { log }): Promise<string> => readScript(store, log),
})

/** Lines of one answer. */
const MOST_LINES = 2_000
/** Beyond what Postgres can count there is nothing. */
const positionField = z.int().min(0)

export const logLines = reading({
  name: 'log.lines',
  about: 'Some lines of the output of a log, from one on or the last, with where each stands',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    log: idField,
    /** The first line is 1. */
    from: idField.optional(),
    lines: z.int().min(1).max(MOST_LINES).default(MOST_LINES),
    /** So many of the last lines. */
    tail: z.int().min(0).max(MOST_LINES).optional(),
    /** One stream, with lines counted in it alone. */
    stream: z.enum(['stdout', 'stderr']).optional(),
  }),
  run: async ({ store }, { log, from, lines, tail, stream }): Promise<LogLines> => {
    if (from !== undefined && tail !== undefined) throw fromOrTail()
    const part = stream === undefined ? {} : { stream }
    return readLogLines(
      store,
      log,
      tail === undefined ? { ...part, from: from ?? 1, count: lines } : { ...part, tail },
    )
  },
})

export const logWatch = reading({
  name: 'log.watch',
  about: 'The lines of a log from one on, live until it ends',
  needs: 'store',
  answers: 'in-pieces',
  input: z.strictObject({ log: idField, from: idField.default(1) }),
  run: async ({ store, signal }, { log, from }): Promise<AsyncIterable<LogLine[]>> => {
    await readLog(store, log)
    return followLogLines(store, log, { from, signal })
  },
})

function fromOrTail(): OrchestraError {
  return new OrchestraError('ORC_USAGE', 'Lines are asked for from one on, or as the last of all', {
    hint: 'Give --from or --tail',
  })
}

export const logOutput = reading({
  name: 'log.output',
  about: 'The output of a log, byte for byte',
  needs: 'store',
  answers: 'in-pieces',
  input: z.strictObject({
    log: idField,
    /** The first byte is 0. */
    from: positionField.optional(),
    /** Behind the last. */
    to: positionField.optional(),
  }),
  run: async ({ store }, { log, from = 0, to }): Promise<AsyncIterable<OutputChunk>> => {
    await readLog(store, log)
    return from === 0 && to === undefined
      ? readOutput(store, log)
      : readRange(store, log, defined({ from, to }))
  },
})

export const logFollow = reading({
  name: 'log.follow',
  about: 'The output of a log from its beginning, live until it ends',
  needs: 'store',
  answers: 'in-pieces',
  input: one,
  run: async ({ store, signal }, { log }): Promise<AsyncIterable<OutputChunk>> => {
    await readLog(store, log)
    return followLog(store, log, { signal })
  },
})
