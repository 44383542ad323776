import { z } from 'zod'
import { OrchestraError } from '../errors.ts'
import {
  countLogs,
  findInOutput,
  followLog,
  followLogLines,
  type LogLine,
  type LogLines,
  type LogRecord,
  type LogSection,
  type LogSummary,
  listLogs,
  logStates,
  type Occurrences,
  type OutputChunk,
  readLog,
  readLogLines,
  readOutput,
  readRange,
  readScript,
  readSections,
} from '../logs/index.ts'
import { looksForText } from '../query/index.ts'
import { defined, idField, limitField, momentField, queryField, selectorFields, textField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { checkNames } from './known.ts'
import { reading } from './verb.ts'

const one = z.strictObject({ log: idField })

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
    q: queryField.optional(),
  }),
  count: async (context, { q, ...search }) =>
    search.text !== undefined || (q !== undefined && looksForText(q))
      ? null
      : countLogs(context.store, { ...search, ...narrowedBy(context, 'log.list', { q }) }),
  run: async (context, { q, ...search }): Promise<LogSummary[]> => {
    const narrowed = narrowedBy(context, 'log.list', { q, text: search.text })
    const logs = await listLogs(context.store, { ...search, ...narrowed })
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

export const logSections = reading({
  name: 'log.sections',
  about: 'The output of a log by the operations of its script: the lines of each, and how it ended',
  needs: 'store',
  answers: 'soon',
  input: one,
  run: ({ store }, { log }): Promise<LogSection[]> => readSections(store, log),
})

export const logSearch = reading({
  name: 'log.search',
  about: 'Where a text stands in the output of a log, to the letter',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    log: idField,
    text: textField,
    /** How many places are told one by one; all are counted. */
    limit: limitField.default(1_000),
    /** From this byte on. */
    from: positionField.optional(),
  }),
  run: ({ store }, { log, ...asked }): Promise<Occurrences> => findInOutput(store, log, asked),
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
