import { z } from 'zod'
import {
  followLog,
  type LogRecord,
  type LogSummary,
  listLogs,
  logStates,
  type OutputChunk,
  readLog,
  readOutput,
  readScript,
} from '../logs/index.ts'
import { defined, idField, limitField, momentField, selectorFields, textField } from './fields.ts'
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
  }),
  run: async (context, search): Promise<LogSummary[]> => {
    const logs = await listLogs(context.store, defined(search))
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

export const logOutput = reading({
  name: 'log.output',
  about: 'The output of a log, byte for byte',
  needs: 'store',
  answers: 'in-pieces',
  input: one,
  run: async ({ store }, { log }): Promise<AsyncIterable<OutputChunk>> => {
    await readLog(store, log)
    return readOutput(store, log)
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
