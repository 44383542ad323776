import { fromSnapshot, identityOf, type Previous } from '../collector/index.ts'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import type { Key } from '../config/model.ts'
import { drainOrder } from '../config/order.ts'
import { messageOf, OrchestraError } from '../errors.ts'
import { isParked, objectName } from '../places/index.ts'
import {
  type Recording,
  record,
  recordAlone,
  recordOperation,
  type ScriptOperation,
  type ScriptRequest,
  Secret,
} from '../script/index.ts'
import type { Keyring } from '../store/keyring.ts'
import { type NamedObject, type Owning, ownershipOf, ownershipOfPruned, sharedOf } from './ownership.ts'
import {
  contestedNames,
  formerOf,
  joinRecordings,
  recordRenames,
  sparingTaken,
  vacatingFirst,
} from './renaming.ts'

/** The action that removes something of ours for which there is no object. */
export const PRUNE = 'prune'

/** An operation as far as its script depends on it. */
export interface ScriptedOperation {
  id: number
  backend: string
  action: string
  model: string
  object_key: string
  keys: Key
  snapshot: unknown
  /** What the object will be called there; null for actions that place nothing, and of operations of an earlier release. */
  identity: string | null
  /** Other names under which it stands there, oldest first: a save renames from them, a delete removes them too. */
  previous: readonly Previous[]
  /** A script ended in the middle of it: it gets one of its own, the last of its drain. */
  alone?: boolean
  /** What stands there under its present name since before everything was marked on its server. */
  standing?: Previous | null
}

/** One script of a drain: a backend and its operations, in the order of their blocks. */
export interface PlannedScript<Operation extends ScriptedOperation> {
  backend: Backend
  operations: readonly Operation[]
}

/** One regeneration of a drain: it is about all claimed operations of a backend that are such actions. */
export interface PlannedRegeneration {
  backend: Backend
  actions: 'save' | 'delete' | 'both'
}

/** How much of a regenerating backend a lane has to do. */
export interface RegenerationEntry {
  backend: string
  saves: boolean
  deletes: boolean
}

/** What a lane has to do, as scripts in the order that `after` asks for. */
export function planDrain<Operation extends ScriptedOperation>(
  config: Config,
  operations: readonly Operation[],
  regenerations: readonly RegenerationEntry[],
): (PlannedScript<Operation> | PlannedRegeneration)[] {
  const others = operations.filter(({ alone }) => alone !== true)
  const last = operations.filter(({ alone }) => alone === true)
  return [
    ...planTogether(config, others, regenerations),
    ...last.flatMap((operation) => planTogether(config, [operation], [])),
  ]
}

function planTogether<Operation extends ScriptedOperation>(
  config: Config,
  operations: readonly Operation[],
  regenerations: readonly RegenerationEntry[],
): (PlannedScript<Operation> | PlannedRegeneration)[] {
  const byBackend = Map.groupBy(operations, (operation) => operation.backend)
  const entries = [...entriesOf(byBackend), ...regenerations]
  type Planned = PlannedScript<Operation> | PlannedRegeneration
  return drainOrder([...config.backends.values()], entries).flatMap(
    ({ backend: name, actions }): Planned[] => {
      const backend = config.backends.get(name)
      const own = byBackend.get(name)
      if (backend === undefined) return []
      return own === undefined ? [{ backend, actions }] : [{ backend, operations: inScript(own, actions) }]
    },
  )
}

/** Deletes and saves of one drain as scripts, in the order that `after` asks for. Operations of unknown backends are left out. */
export function planScripts<Operation extends ScriptedOperation>(
  config: Config,
  operations: readonly Operation[],
): PlannedScript<Operation>[] {
  return planDrain(config, operations, []).flatMap((script) => ('operations' in script ? [script] : []))
}

function entriesOf(
  byBackend: ReadonlyMap<string, readonly ScriptedOperation[]>,
): { backend: string; saves: boolean; deletes: boolean }[] {
  return [...byBackend].map(([backend, own]) => ({
    backend,
    saves: own.some((operation) => !removes(operation)),
    deletes: own.some(removes),
  }))
}

function inScript<Operation extends ScriptedOperation>(
  operations: readonly Operation[],
  actions: 'save' | 'delete' | 'both',
): Operation[] {
  const deletes = operations.filter(removes)
  const others = vacatingFirst(operations.filter((operation) => !removes(operation)))
  if (actions === 'delete') return deletes
  return actions === 'both' ? [...deletes, ...others] : others
}

function removes({ action }: ScriptedOperation): boolean {
  return action === 'delete' || action === PRUNE
}

/** An operation's steps, and what it will be called on the server. */
export interface RecordedOperation extends ScriptOperation {
  identity: string | null
  /** Other names under which it stood there. */
  previous: readonly Previous[]
  former: 'gone' | 'left'
  /** What it asks for again and again, without what a rename adds once. */
  lasting: Recording
  /** Of the object itself; its steps may hold more that were made from them. */
  secrets: readonly Secret[]
}

/** Runs the backend's methods on recorders. What throws fails its own operation. */
export function recordScript<Operation extends ScriptedOperation>(
  script: PlannedScript<Operation>,
  keyring: Keyring,
): Pick<ScriptRequest, 'prepare' | 'commit' | 'shared' | 'list'> & { operations: RecordedOperation[] } {
  const { backend } = script
  const { prepare, commit } = backend
  const contested = contestedNames(script.operations)
  const operations = backend.rename === undefined ? sparingTaken(script.operations) : script.operations
  const hooks = {
    ...(prepare === undefined ? {} : { prepare: record(`${backend.name}: prepare`, (to) => prepare(to)) }),
    ...(commit === undefined ? {} : { commit: record(`${backend.name}: commit`, (to) => commit(to)) }),
  }
  return {
    operations: operations.map((operation, index) => {
      const recorded = recordOne(backend, operation, index, keyring)
      return isContested(recorded, contested)
        ? { ...recorded, action: `${recorded.action} ${index}` }
        : recorded
    }),
    ...hooks,
    shared: sharedOf([hooks.prepare, hooks.commit]),
    ...(backend.list === undefined || backend.exists !== undefined ? {} : { list: backend.list.rendered }),
  }
}

/** Of two that pass a name on, the steps must not interleave. */
function isContested({ identity, previous }: RecordedOperation, contested: ReadonlySet<string>): boolean {
  if (contested.size === 0) return false
  return contested.has(identity ?? '') || previous.some((one) => contested.has(one.identity))
}

/** Records one operation apart from the others of its script. */
export function recordOne(
  backend: Backend,
  operation: ScriptedOperation,
  index: number,
  keyring: Keyring,
): RecordedOperation {
  const { action, model, object_key: key } = operation
  const label = `${action} ${model}:${key}`
  try {
    return { index, label, action, ...recordObject(backend, operation, label, keyring) }
  } catch (error) {
    const recording = record(label, () => {
      throw error instanceof Error ? error : new Error(messageOf(error))
    })
    const nothing = { identity: null, previous: [], former: 'gone' as const, secrets: [] }
    return { index, label, action, recording, lasting: recording, ...nothing }
  }
}

function recordObject(
  backend: Backend,
  operation: ScriptedOperation,
  label: string,
  keyring: Keyring,
): Omit<RecordedOperation, 'index' | 'label' | 'action'> {
  const { action } = operation
  if (action === PRUNE) return recordPrune(backend, operation, label)
  const seal = keyring.for(operation.model, operation.object_key)
  const open = (snapshot: unknown, name: string | null) =>
    calledBy(backend, name, fromSnapshot(snapshot, seal) as Record<string, unknown>)
  const object = open(operation.snapshot, operation.identity)
  const identity = action === 'save' ? nameOf(backend, operation, object) : null
  if (backend.sync !== undefined) return recordShare(backend, backend.sync, object, identity, label)
  const lasting = recordOperation(backend, action, object as never, label)
  const previous = operation.previous.filter((one) => one.identity !== identity)
  const former = previous.map((one) => open(one.snapshot, one.identity))
  const opened = (one: Previous, at: number): NamedObject => ({
    identity: one.identity,
    object: former[at] ?? {},
  })
  const before =
    action === 'save'
      ? recordRenames(backend, object, former, label)
      : former.map((one) => recordOperation(backend, action, one as never, label))
  const recording = before.length === 0 ? lasting : joinRecordings([...before, lasting])
  const owning = (): Owning => ({
    backend,
    action,
    current: {
      identity: identity ?? standingName(backend, operation, object),
      object,
      owner: objectName(operation),
    },
    recording,
    lasting,
    previous: previous.map(opened),
    unmarked: unmarkedOf(operation).map((one) => ({
      identity: one.identity,
      object: open(one.snapshot, one.identity),
      owner: objectName(operation),
    })),
  })
  return {
    recording,
    lasting,
    identity,
    previous,
    former: formerOf(backend),
    ownership: () => ownershipOf(owning()),
    secrets: [object, ...former].flatMap((one) => Object.values(one).filter(isSecret)),
  }
}

/** An object that makes room for others goes by a name of nobody. */
function calledBy(
  { name, park }: Backend,
  identity: string | null,
  object: Record<string, unknown>,
): Record<string, unknown> {
  if (identity === null || !isParked(identity)) return object
  if (park !== undefined) return park(object as never) as Record<string, unknown>
  throw new OrchestraError('ORC_BACKEND_THREW', `Backend "${name}" has no \`park\` any more`, {
    hint: 'Define it again: something of the object goes by the name that it gave it',
  })
}

function nameOf(
  backend: Backend,
  { identity, keys }: ScriptedOperation,
  object: Record<string, unknown>,
): string {
  return identity !== null && isParked(identity) ? identity : identityOf(backend, keys, object)
}

/** What stands there without a mark although it is ours. */
function unmarkedOf({ previous, standing }: ScriptedOperation): Previous[] {
  const unmarked = previous.filter((one) => one.unmarked === true)
  return standing === null || standing === undefined ? unmarked : [...unmarked, standing]
}

/** An object's share of a configuration that is written as a whole; of one that is deleted, what stays without it. */
function recordShare(
  { name }: Backend,
  sync: NonNullable<Backend['sync']>,
  object: Record<string, unknown>,
  identity: string | null,
  label: string,
): Omit<RecordedOperation, 'index' | 'label' | 'action'> {
  const lasting = recordAlone({ name, sync }, identity === null ? [] : [object as never], label)
  const secrets = Object.values(object).filter(isSecret)
  return { recording: lasting, lasting, identity, previous: [], former: 'gone', secrets }
}

/** What a delete removes is called as its object was; a name that cannot be told any more is left. */
function standingName(
  backend: Backend,
  { identity, keys }: ScriptedOperation,
  object: Record<string, unknown>,
): string | null {
  if (identity !== null) return identity
  try {
    return identityOf(backend, keys, object)
  } catch {
    return null
  }
}

/** Of what is removed nothing is known but its name. */
function recordPrune(
  backend: Backend,
  { identity }: ScriptedOperation,
  label: string,
): Omit<RecordedOperation, 'index' | 'label' | 'action'> {
  const recording = record(`${backend.name}: ${label}`, (script) => {
    if (backend.prune !== undefined && identity !== null) return backend.prune(script, identity)
    throw new Error(`the backend has no \`prune\``)
  })
  return {
    recording,
    lasting: recording,
    identity: null,
    previous: [],
    former: 'gone',
    secrets: [],
    ...(identity === null ? {} : { ownership: () => ownershipOfPruned(backend, identity, recording) }),
  }
}

function isSecret(value: unknown): value is Secret {
  return value instanceof Secret
}
