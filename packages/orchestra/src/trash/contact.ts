import { randomUUID } from 'node:crypto'
import type { Timeouts } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { isOrchestraError, OrchestraError } from '../errors.ts'
import type { Methods } from '../methods/index.ts'
import { BoundedBytes, exitBusy, LastBytes, renderTrash, type TrashRequest } from '../script/index.ts'
import { type ServerRow, toTarget } from '../server/index.ts'
import { ask, type Reply } from '../talk/index.ts'

/** What it takes to look into the trash of servers. */
export interface TrashContext {
  config: Config
  methods: Methods
  signal?: AbortSignal
  /** Told of a user whose trash could not be asked, while the others' are; without it, that is thrown. */
  onError?: (error: unknown) => void
}

export interface Answer {
  code: number
  stdout: Buffer
  /** What commands said, for people. */
  stderr: string
}

/** Seconds to wait for a script that runs on the server. */
export const lockWait = 30
/** Bytes of a list of a trash: some ten thousand entries. */
const MOST_LISTED = 16 * 1024 * 1024
/** Bytes of what the commands there complain of, the last of them. */
const LONGEST_SAYING = 4096
const timeouts: Timeouts = { connect: 15_000, idle: 300_000, total: 3_600_000 }

/** The users whose scripts keep a trash of their own on every server; null is the login. */
function trashUsers(config: Config): (string | null)[] {
  return [...new Set([null, ...[...config.backends.values()].map((backend) => backend.user ?? null)])]
}

/** Asks the trash of each user on a server. One that cannot be asked keeps the others from nothing while the server answers. */
export async function askEach<Value>(
  { config, onError }: TrashContext,
  about: (user: string | null) => Promise<readonly Value[]>,
): Promise<Value[]> {
  const values: Value[] = []
  for (const user of trashUsers(config)) {
    try {
      values.push(...(await about(user)))
    } catch (error) {
      if (!isOrchestraError(error) || onError === undefined) throw error
      onError(error)
      if (error.code === 'ORC_SERVER_UNREACHABLE') break
    }
  }
  return values
}

/**
 * Asks one server, as one user.
 * @throws OrchestraError ORC_SERVER_UNREACHABLE, ORC_TRASH_FAILED, ORC_ANSWER_TOO_LARGE
 */
export async function askTrash(
  { methods, signal = new AbortController().signal }: TrashContext,
  server: ServerRow,
  user: string | null,
  request: TrashRequest,
): Promise<Answer> {
  const runId = randomUUID()
  const target = toTarget(server)
  const stdout = new BoundedBytes(MOST_LISTED, `the list of the trash of ${server.name}`)
  const stderr = new LastBytes(LONGEST_SAYING)
  const message = { runId, text: renderTrash(runId, request), user, timeouts, signal }
  const reply = await ask(methods, target, message, {
    push: (stream, bytes) => (stream === 'stdout' ? stdout : stderr).push(bytes),
    end(code) {
      const said = stderr.end().toString('utf8').trim()
      const isAnswer = code !== null && code !== exitBusy
      return { answer: isAnswer ? { code, stdout: stdout.end(), stderr: said } : null, said }
    },
  })
  if (reply.kind === 'answered') return reply.answer
  throw unanswered(server, reply)
}

export function trashFailure(server: ServerRow, reason: string): OrchestraError {
  return new OrchestraError('ORC_TRASH_FAILED', `The trash of ${server.name}: ${reason}`)
}

function unanswered(server: ServerRow, reply: Exclude<Reply<Answer>, { kind: 'answered' }>): OrchestraError {
  switch (reply.kind) {
    case 'too-large':
      return reply.error
    case 'cancelled':
      return unreachable(server, 'it was cancelled')
    case 'fenced':
      return trashFailure(server, 'it has another owner by now')
    case 'broken-off':
      return reply.rest === 'timeout'
        ? unreachable(server, 'it took too long')
        : trashFailure(server, `the server's script ${reply.how}`)
    case 'blocked':
      if (reply.by === 'script')
        return trashFailure(server, 'another script is running there; try again when it has ended')
      // The server may know other users.
      return reply.by === 'login' ? trashFailure(server, reply.reason) : unreachable(server, reply.reason)
  }
}

function unreachable(server: ServerRow, reason: string): OrchestraError {
  return new OrchestraError('ORC_SERVER_UNREACHABLE', `${server.name}: ${reason}`, {
    hint: `orchestra server check ${server.name} tells more`,
  })
}
