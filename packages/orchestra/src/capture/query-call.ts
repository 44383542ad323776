import { AsyncLocalStorage } from 'node:async_hooks'

export type Callback = (error: Error | null | undefined, result?: unknown) => void

/** One call of `query`, whichever of its forms the caller used. */
export interface QueryCall {
  text: string
  /** The arguments without the callback. */
  args: readonly unknown[]
  /** Runs in the context of this call, where the driver would use that of whoever made the connection. */
  callback: Callback | undefined
  /** The argument is a query object that reports by itself, such as a cursor or a COPY stream. */
  reportsItself: boolean
}

export function readCall(args: readonly unknown[]): QueryCall {
  const [query, ...rest] = args
  if (typeof query === 'string')
    return { text: query, ...splitCallback([query, ...rest]), reportsItself: false }
  const config = isRecord(query) ? query : {}
  const text = typeof config.text === 'string' ? config.text : ''
  if (typeof config.submit === 'function') return { text, args, callback: undefined, reportsItself: true }
  if (typeof config.callback !== 'function') return { text, ...splitCallback(args), reportsItself: false }
  const { callback, ...plain } = config
  return {
    text,
    args: [plain, ...rest],
    callback: AsyncLocalStorage.bind(callback as Callback),
    reportsItself: false,
  }
}

function splitCallback(args: readonly unknown[]): Pick<QueryCall, 'args' | 'callback'> {
  const index = args.findIndex((arg) => typeof arg === 'function')
  if (index === -1) return { args, callback: undefined }
  return { args: args.slice(0, index), callback: AsyncLocalStorage.bind(args[index] as Callback) }
}

/** Answers a promise the way the caller asked for: by callback, or as it is. */
export function answer(call: QueryCall, result: Promise<unknown>): Promise<unknown> | undefined {
  const { callback } = call
  if (callback === undefined) return result
  result.then(
    (value) => process.nextTick(callback, null, value),
    (error: unknown) => process.nextTick(callback, error),
  )
  return undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
