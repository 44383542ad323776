/**
 * Every code an error of Orchestra can carry, and what it means. Codes are stable: programs may decide by them,
 * and the reference in `docs/` is generated from this table.
 */
export const errorCodes = {
  ORC_INTERNAL: 'An invariant of Orchestra itself did not hold; please report it',
  ORC_NODE_OUTDATED: 'The command was run with a Node that is too old',
  ORC_USAGE: 'A command or function was called with arguments it does not understand',
  ORC_INPUT_INVALID: 'An operation was given something of the wrong form, or too much of it',
  ORC_QUERY_INVALID:
    'A query of a list says what nobody can understand, or names a filter that the list has not',
  ORC_CONFIG_NOT_FOUND: 'No orchestra.config.ts was found',
  ORC_CONFIG_INVALID: 'The configuration threw, or defines something impossible',
  ORC_STORE_LOCKED: 'Another process has the embedded database open and does not answer',
  ORC_STORE_UNREACHABLE: 'The database does not answer',
  ORC_STORE_EXPOSED: 'The directory of an embedded database belongs to another user',
  ORC_STORE_URL: 'The URL of the database cannot be read',
  ORC_STORE_UNKNOWN: 'The server has no database of that name',
  ORC_STORE_LOGIN: 'The database refuses the login: role, password, or where it comes from',
  ORC_STORE_DENIED: 'The role lacks a right in the database; the hint has the statement that gives it',
  ORC_STORE_READONLY: 'The database takes no writes: a standby, or one that is set to be read only',
  ORC_STORE_PORT: 'The embedded database cannot be offered on the port that was asked for',
  ORC_STORE_BUSY: 'The database takes no more connections',
  ORC_STORE_IN_USE:
    'Tables of schema "orchestra" stayed locked by other transactions while it was to be migrated',
  ORC_STORE_OUTDATED: 'The database has pending migrations, or was migrated by a newer Orchestra',
  ORC_WORKER_ALIVE: 'A worker runs, and has to be stopped before what was asked for',
  ORC_STORE_DAMAGED: 'Tables of schema "orchestra" are gone that were there',
  ORC_KEY_UNREADABLE: 'The key file cannot be read or is not a key',
  ORC_KEY_WRONG: 'A stored secret was encrypted with another key',
  ORC_KEY_NOT_SHARED: 'A worker does not have a key that was to be used from now on',
  ORC_KEY_IN_USE: 'A key that was to be dropped still encrypts something, or is the one in use',
  ORC_KEY_UNKNOWN: 'No key of that id is known here',
  ORC_KEY_ABSENT: 'The encryption key is needed by a process that works without it',
  ORC_MODEL_UNKNOWN: 'No model of that name is defined',
  ORC_BACKEND_UNKNOWN: 'No backend of that name is defined',
  ORC_SERVER_UNKNOWN: 'No server of that name is registered',
  ORC_SERVER_INVALID: 'A server is registered with something its method cannot use',
  ORC_SERVER_EXISTS: 'A server of that name is registered already',
  ORC_SERVER_IN_USE: 'A server has work, placements or routes, and is removed only with force',
  ORC_HOST_KEY_UNKNOWN: 'The host key to approve is not the one that the server presented',
  ORC_ROUTE_UNKNOWN: 'No route of that number exists',
  ORC_ROUTE_INVALID: 'A match expression does not parse or does not fit its model',
  ORC_SERVER_UNREACHABLE: 'A server does not answer',
  ORC_IDENTITY_MISSING: 'There is no key to log in to a server with',
  ORC_IDENTITY_UNREADABLE: 'A private key file is absent, unreadable, or not a key',
  ORC_IDENTITY_ENCRYPTED: 'A private key is encrypted and does not open',
  ORC_CAPTURE_TABLE: 'A watched table does not exist, or is of a kind whose changes cannot be captured',
  ORC_CAPTURE_COLUMN: 'A column that a model names in key, ignore or references does not exist',
  ORC_CAPTURE_LOCKED:
    'A watched table stayed locked by other transactions while triggers were to be installed',
  ORC_CAPTURE_DENIED: 'The database role may not install triggers on a watched table',
  ORC_OBJECT_UNKNOWN: 'Of an object there is neither a row nor anything that was placed',
  ORC_OBJECT_INVALID: "An object does not fit its model's schema",
  ORC_LOADER_FAILED: "A model's loader threw, hung, or left out an object that exists",
  ORC_ROWS_HIDDEN: "Row level security may hide rows of the application's tables from Orchestra's role",
  ORC_ANSWER_TOO_LARGE: 'A server answered more than is read of any server',
  ORC_NOT_OURS: 'Something is on a server already and was not made by Orchestra: nothing was changed',
  ORC_INSPECTION_FAILED: 'A server could not be looked at, or what was found could not be marked',
  ORC_GUARD: 'A synchronization or plan would remove more than the bound, and was not told that it may',
  ORC_SYNC_UNKNOWN: 'No synchronization of that number is known',
  ORC_SCHEDULE_UNKNOWN: 'No schedule of that name is defined',
  ORC_DELIVERY_UNKNOWN: 'No message of that number was or is to be sent',
  ORC_REQUEST_UNKNOWN: 'No request of that number is known',
  ORC_BULK_CHANGED: 'Something fitted what was selected when many were, and did not when its turn came',
  ORC_REQUEST_LIMIT: 'Too many requests of one who asks have not ended',
  ORC_REQUEST_TOO_LARGE: 'A request was done, and its answer is too large to be kept',
  ORC_REQUEST_EXPIRED: 'No worker began a request in time',
  ORC_REQUEST_LOST: 'A worker was lost over a request, which may have been done or not',
  ORC_IDEMPOTENCY_REUSED: 'Something else was asked for under the same Idempotency-Key',
  ORC_IDEMPOTENCY_BUSY: 'What was asked for under an Idempotency-Key is still being done',
  ORC_IDEMPOTENCY_LOST:
    'What was asked for under an Idempotency-Key was begun, and nobody knows what came of it',
  ORC_IDEMPOTENCY_SECRET:
    'What was asked for under an Idempotency-Key was done, and its answer is not told again',
  ORC_CHANGED_MEANWHILE: 'Something has changed since it was read, so it was not changed further',
  ORC_INCIDENT_UNKNOWN: 'No incident of that number is known',
  ORC_VIEW_UNKNOWN: 'No saved view of that number is known',
  ORC_VIEW_EXISTS: 'A saved view of that name is there already',
  ORC_VIEW_LIMIT: 'Somebody has as many saved views as anybody has',
  ORC_CHANNEL_UNKNOWN: 'No channel of that name tells anybody of incidents',
  ORC_CHANNEL_EXISTS: 'A channel of that name is there already',
  ORC_CHANNEL_INVALID: 'A channel is added with a target that cannot be told anything',
  ORC_PLAN_UNKNOWN: 'There is no kept plan with this number',
  ORC_PLAN_ENDED: 'A kept plan was done, rejected, found to be stale or discarded already',
  ORC_PLAN_LIMIT: 'Somebody keeps as many plans as one person may at once, or within a day',
  ORC_PLAN_INVALID: 'A file is not a saved plan, or was changed after it was saved',
  ORC_PLAN_STALE: 'The database or what stands on servers moved on after a plan was saved',
  ORC_APPROVAL_NEEDED: 'A plan needs the approval of another person, and has none that is good',
  ORC_VALUE_NUL: 'A value for a script contains a NUL byte',
  ORC_VALUE_SURROGATE: 'A value for a script contains half of a UTF-16 character pair',
  ORC_SCRIPT_TOO_LARGE: 'The steps for one object take more than a script can hold',
  ORC_VALUE_MISSING: 'A value for a script is null or undefined',
  ORC_OPTION_UNKNOWN: 'An option is given by a name that is not known',
  ORC_VALUE_INVALID: 'A value for a script has the wrong form for the place where it stands',
  ORC_SECRET_JOINED: 'A secret was joined to a plain string or stands where only plain text is allowed',
  ORC_SCRIPT_MIXED: 'The steps of a backend cannot run together in one script',
  ORC_BACKEND_THREW: 'A method of a backend threw',
  ORC_COPY_LIMIT: 'A copy from one server to another went over a limit, and what it had brought was removed',
  ORC_TRASH_UNKNOWN: "A server's trash has no entry of that id",
  ORC_TRASH_OCCUPIED: 'Something stands where an entry of the trash belongs',
  ORC_TRASH_FAILED: 'A server could not do what was asked of its trash',
  ORC_BACKEND_CHECK: 'A backend did not pass a check of the testing kit',
  ORC_UNIT_UNKNOWN: 'No unit of work of that id is known',
  ORC_UNIT_AMBIGUOUS: 'Several units of work have ids that begin so',
  ORC_LOG_UNKNOWN: 'No log of that number exists; retention may have removed it',
  ORC_LOG_LOST: 'The output of a running script could not be stored',
  ORC_HOOK_EXISTS: 'A hook of that name is there already',
  ORC_HOOK_INVALID: 'A hook is added that could never be told anything, or never do what it is told',
  ORC_HOOK_BODY: 'What a hook was told does not say what it is about, where the hook looks for it',
  ORC_HOOK_REFUSED: 'A message was not for a hook that is there, not from its sender, or too old',
  ORC_HOOK_UNKNOWN: 'No hook of that name is there',
  ORC_FORBIDDEN: 'Who asks lacks a permission for that, or would give one that he lacks',
  ORC_LOGIN_REFUSED: 'Name and password, link or identity let nobody in; which of them is wrong is not said',
  ORC_LOGIN_UNMAPPED: 'A provider says who somebody is, and neither he nor a group of his was given a role',
  ORC_LOGIN_STALE:
    'A login at a provider comes back that this browser did not begin, began too long ago, or has finished',
  ORC_LOGIN_DECLINED:
    'A provider of identities did not say who somebody is, or what it said cannot be believed',
  ORC_PROVIDER_UNKNOWN: 'The configuration has no provider of identities of that name',
  ORC_PROVIDER_FAILED:
    'A provider of identities cannot be asked: it does not answer, or answers what is not OpenID Connect',
  ORC_LOGIN_LIMITED: 'There were too many attempts to log in by that name or from that address',
  ORC_SESSION_ENDED: 'A session is not known, or has ended',
  ORC_TOKEN_INVALID: 'A token is mistyped, not known, revoked, expired, or used from elsewhere',
  ORC_PASSWORD_WEAK: 'A new password is too short, too long or too easy to guess',
  ORC_USER_UNKNOWN: 'No user of that name is registered',
  ORC_USER_EXISTS: 'A user of that name is registered already',
  ORC_TOKEN_UNKNOWN: 'No token of that name can be used',
  ORC_TOKEN_EXISTS: 'A token of that name can be used already',
  ORC_ROLE_UNKNOWN: 'No role of that name is defined',
  ORC_ROLE_EXISTS: 'A role of that name is defined already',
  ORC_ROLE_IN_USE: 'A role is given to somebody, or is one that every store has',
  ORC_BINDING_UNKNOWN: 'No binding of that number exists',
  ORC_SESSION_UNKNOWN: 'No session of that number is open',
  ORC_LAST_ADMIN: 'Nobody would be left who may do everything',
  ORC_HTTP_ADDRESS: 'The API cannot listen at the address and port that were asked for',
  ORC_HTTP_EXPOSED: 'The API was to listen beyond this machine, and nothing says who may use it',
  ORC_HTTP_MALFORMED: 'A request cannot be read: its address, its headers, or its JSON',
  ORC_HTTP_UNKNOWN: 'The API has nothing at that path',
  ORC_HTTP_METHOD: 'What is at a path does not take that method',
  ORC_HTTP_TOO_LARGE: 'The body of a request is larger than is read of any',
  ORC_HTTP_NOT_JSON: 'The body of a request is not said to be JSON',
  ORC_HTTP_HOST: 'A request names a host that this server does not answer for',
  ORC_HTTP_ORIGIN: 'A page of another origin asked for something that changes something',
  ORC_AUTHORIZE_MISSING: 'The console was embedded without saying who may use it',
  ORC_AUTHORIZE_FAILED: 'The application that Orchestra is embedded in could not say who asks',
  ORC_CUSTOMER_TOKEN: 'A token of a customer of the application is not known, or has expired',
  ORC_CUSTOMER_STREAMS: 'A customer of the application has as many streams as one may have',
  ORC_HTTP_ANONYMOUS: 'Nobody is known who asks',
  ORC_HTTP_LIMITED: 'Somebody asks more often, or for more at once, than one may',
  ORC_HTTP_RANGE: 'A range of bytes lies outside of what there is',
} as const

export type ErrorCode = keyof typeof errorCodes

/** An error that names what and where (`message`), what to do next (`hint`), and has a stable `code`. */
export class OrchestraError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'OrchestraError'
    this.code = code
    this.hint = options.hint
  }
}

export function isOrchestraError(error: unknown, code?: ErrorCode): error is OrchestraError {
  return error instanceof OrchestraError && (code === undefined || error.code === code)
}

/** The message of anything that was thrown, also of what throws again when it is asked. */
export function messageOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return saidBy(error)
    const message = String(error.message)
    return message === '' && error instanceof AggregateError
      ? error.errors.map(messageOf).join('; ')
      : message
  } catch {
    return 'something was thrown that cannot be told'
  }
}

/** Some libraries throw objects that are no errors and have a message all the same. */
function saidBy(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown)
  if ('message' in thrown && typeof thrown.message === 'string') return thrown.message
  const text = String(thrown)
  return text === '[object Object]' ? 'something was thrown that has no message' : text
}

/** The same with the hint of an error that has one. */
export function withHint(error: unknown): string {
  const { hint } = error instanceof OrchestraError ? error : { hint: undefined }
  return hint === undefined ? messageOf(error) : `${messageOf(error)}. ${hint}`
}
