import { fromSnapshot, identityOf } from '../collector/index.ts'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import type { Key } from '../config/model.ts'
import { drainOrder } from '../config/order.ts'
import { messageOf } from '../errors.ts'
import { type Recording, record, recordOperation, type ScriptOperation, Secret } from '../script/index.ts'
import type { Keyring } from '../store/keyring.ts'

/** An operation as far as its script depends on it. */
export interface ScriptedOperation {
  id: number
  backend: string
  action: string
  model: string
  object_key: string
  keys: Key
  snapshot: unknown
}

/** One script of a drain: a backend and its operations, in the order of their blocks. */
export interface PlannedScript<Operation extends ScriptedOperation> {
  backend: Backend
  operations: readonly Operation[]
}

/** Deletes and saves of one drain as scripts, in the order that `after` asks for. Operations of unknown backends are left out. */
export function planScripts<Operation extends ScriptedOperation>(
  config: Config,
  operations: readonly Operation[],
): PlannedScript<Operation>[] {
  const backends = [...config.backends.values()]
  const byBackend = Map.groupBy(operations, (operation) => operation.backend)
  const entries = [...byBackend].map(([backend, own]) => ({
    backend,
    saves: own.some((operation) => operation.action !== 'delete'),
    deletes: own.some((operation) => operation.action === 'delete'),
  }))
  return drainOrder(backends, entries).flatMap(({ backend: name, actions }) => {
    const backend = config.backends.get(name)
    const own = byBackend.get(name) ?? []
    return backend === undefined ? [] : [{ backend, operations: inScript(own, actions) }]
  })
}

function inScript<Operation extends ScriptedOperation>(
  operations: readonly Operation[],
  actions: 'save' | 'delete' | 'both',
): Operation[] {
  const deletes = operations.filter((operation) => operation.action === 'delete')
  const others = operations.filter((operation) => operation.action !== 'delete')
  if (actions === 'delete') return deletes
  return actions === 'both' ? [...deletes, ...others] : others
}

/** An operation's steps, and what it will be called on the server. */
export interface RecordedOperation extends ScriptOperation {
  identity: string | null
  /** Of the object itself; its steps may hold more that were made from them. */
  secrets: readonly Secret[]
}

/** Runs the backend's methods on recorders. What throws fails its own operation. */
export function recordScript<Operation extends ScriptedOperation>(
  script: PlannedScript<Operation>,
  keyring: Keyring,
): { operations: RecordedOperation[]; prepare?: Recording; commit?: Recording } {
  const { backend } = script
  const { prepare, commit } = backend
  return {
    operations: script.operations.map((operation, index) => recordOne(backend, operation, index, keyring)),
    ...(prepare === undefined ? {} : { prepare: record(`${backend.name}: prepare`, (to) => prepare(to)) }),
    ...(commit === undefined ? {} : { commit: record(`${backend.name}: commit`, (to) => commit(to)) }),
  }
}

function recordOne(
  backend: Backend,
  operation: ScriptedOperation,
  index: number,
  keyring: Keyring,
): RecordedOperation {
  const { action, model, object_key: key } = operation
  const label = `${action} ${model}:${key}`
  try {
    const object = fromSnapshot(operation.snapshot, keyring) as Record<string, unknown>
    const recording = recordOperation(backend, action, object as never, label)
    const identity = action === 'save' ? identityOf(backend, operation.keys, object) : null
    return { index, label, action, recording, identity, secrets: Object.values(object).filter(isSecret) }
  } catch (error) {
    const recording = record(label, () => {
      throw error instanceof Error ? error : new Error(messageOf(error))
    })
    return { index, label, action, recording, identity: null, secrets: [] }
  }
}

function isSecret(value: unknown): value is Secret {
  return value instanceof Secret
}
