import type { DecisionKind } from '../collector/decision.ts'
import { type Decision, toSnapshot } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject } from '../config/key.ts'
import { OrchestraError } from '../errors.ts'
import type { Stored } from '../places/index.ts'
import { usesCalls } from '../recording/calls.ts'
import { limitOf, patienceOf } from '../recording/patience.ts'
import { type PlannedScript, planScripts, recordScript } from '../recording/scripts.ts'
import { renderScript } from '../script/index.ts'
import type { Queryable } from '../store/index.ts'
import type { Keyring } from '../store/keyring.ts'
import { asStored } from '../sync/index.ts'
import type { PlannedDifference } from './difference.ts'
import { type Entry, intendedPlaces, type Plannable } from './steps.ts'

export interface PlannedOperation {
  /** What it means for its place. */
  kind: DecisionKind
  server: string
  backend: string
  action: string
  object: string
  identity: string | null
  /** What it is called there now, where it is renamed. */
  previousIdentity: string | null
  /** Hash of what is rendered for it; null where that was not asked for. */
  revision: string | null
  /** How that differs from what was applied last; null where it was not asked for. */
  differences: PlannedDifference[] | null
  /** Why it will not run now; null when it will. */
  waitsFor: string | null
  /** Why it failed when it was tried last, or what was found in its place and is not ours; null where neither is known. */
  obstacle: string | null
}

/** One script as it will run; secrets are shown by name. */
export interface PlannedScriptText {
  server: string
  backend: string
  objects: string[]
  script: string
}

export interface PlannedFailure {
  object: string
  reason: string
}

/** The same with what it concerns, as far as that could be told. */
export interface FailedObject extends PlannedFailure {
  model: string
  backend: string | null
  serverId: number | null
}

/** What is to be done, without any server having been asked. */
export interface Plan {
  operations: PlannedOperation[]
  scripts: PlannedScriptText[]
  /** Objects for which nothing can be done, and why. */
  failures: PlannedFailure[]
}

/** What is wanted of an object in one place, by name. */
export interface Want {
  object: string
  backend: string
  server: string
  serverId: number
}

export interface PlanContext {
  config: Config
  keyring: Keyring
  /** Names of servers by id. */
  servers: ReadonlyMap<number, string>
  /** Whether the scripts are rendered too. */
  scripts: boolean
}

/** What decisions come to, before anybody asked what comes next where they are about. */
export async function entriesOf(
  db: Queryable,
  decisions: readonly Decision[],
  { config, keyring }: Pick<PlanContext, 'config' | 'keyring'>,
): Promise<{ operations: Entry[]; failures: FailedObject[] }> {
  const intended = await intendedPlaces(db, decisions, config)
  return {
    operations: decisions.flatMap((decision, index) =>
      toEntry(decision, -index - 1, intended.get(decision), keyring),
    ),
    failures: decisions.flatMap(({ fate, model, key, backend, serverId }) =>
      fate.kind === 'failed'
        ? [{ object: formatObject(model, key), reason: fate.reason, model, backend, serverId }]
        : [],
    ),
  }
}

function toEntry(decision: Decision, id: number, stored: Stored | undefined, keyring: Keyring): Entry[] {
  const { kind, backend, serverId, action, model, key, identity, fate } = decision
  if (backend === null || serverId === null || (fate.kind !== 'waiting' && fate.kind !== 'held')) return []
  return [
    {
      id,
      kind,
      stored,
      backend,
      serverId,
      action,
      model,
      object_key: formatKey(key),
      keys: key,
      identity,
      previous: [],
      previousIdentity: null,
      snapshot:
        decision.object === null
          ? decision.snapshot
          : asStored(toSnapshot(decision.object, keyring.for(model, formatKey(key)))),
      revision: null,
      differences: null,
      does: 'run',
      waitsFor: fate.kind === 'held' ? HELD : null,
      obstacle: null,
    },
  ]
}

/** Why what no enabled route leads to does not run. */
export const HELD = 'only disabled routes lead there'

/** Puts operations into the scripts that will run them: the same code that runs them renders them here. */
export function renderPlan(
  operations: readonly Plannable[],
  failures: readonly PlannedFailure[],
  context: PlanContext,
): Plan {
  const told = failures.map(({ object, reason }) => ({ object, reason }))
  const plan: Plan = { operations: [], scripts: [], failures: told }
  for (const [serverId, own] of Map.groupBy(operations, (operation) => operation.serverId)) {
    const server = context.servers.get(serverId) ?? `server ${serverId}`
    for (const operation of own) plan.operations.push(describe(operation, server))
    if (!context.scripts) continue
    const running = own.filter((operation) => operation.does === 'run' && operation.waitsFor === null)
    for (const script of planScripts(context.config, running)) renderOne(plan, script, server, context)
  }
  return plan
}

function renderOne(
  plan: Plan,
  script: PlannedScript<Plannable>,
  server: string,
  { config, keyring }: { config: Config; keyring: Keyring },
): void {
  const { backend, operations } = script
  const timeouts = { ...config.worker.timeouts, ...backend.timeouts }
  const objects = operations.map(({ action, model, object_key: key }) => `${action} ${model}:${key}`)
  const add = (text: string) => plan.scripts.push({ server, backend: backend.name, objects, script: text })
  if (backend.sync !== undefined) {
    add(`# ${backend.name} writes its whole configuration anew, for ${objects.join(', ')}\n`)
    return
  }
  const { operations: recorded, ...hooks } = recordScript(script, keyring)
  const calls = usesCalls(recorded)
  const rendered = renderScript({
    runId: 'plan',
    backend: backend.name,
    server,
    fence: 0,
    token: '0'.repeat(32),
    operations: calls ? [] : recorded,
    patience: patienceOf(timeouts),
    limit: limitOf(timeouts),
    ...(backend.interpreter === undefined ? {} : { interpreter: backend.interpreter }),
    ...hooks,
  })
  for (const { index, error } of rendered.failures)
    plan.failures.push({ object: recorded[index]?.label ?? '', reason: error.message })
  add(calls ? objects.map((object) => `# ${object}: functions of the worker`).join('\n') : rendered.masked)
}

function describe(operation: Plannable, server: string): PlannedOperation {
  const { kind, backend, model, object_key: key, identity, previousIdentity } = operation
  const { revision, differences, waitsFor, obstacle, does } = operation
  const action = does === 'run' ? operation.action : does
  const object = `${model}:${key}`
  return {
    kind,
    server,
    backend,
    action,
    object,
    identity,
    previousIdentity,
    revision,
    differences,
    waitsFor,
    obstacle,
  }
}

/** @throws OrchestraError ORC_OBJECT_INVALID, naming every object that cannot be applied, and why */
export function refuseFailures(plan: Plan): Plan {
  const [first] = plan.failures
  if (first === undefined) return plan
  const all = plan.failures.map(({ object, reason }) => `${object}: ${reason}`).join('\n')
  throw new OrchestraError(
    'ORC_OBJECT_INVALID',
    `${plan.failures.length} of these changes cannot be applied:\n${all}`,
    {
      hint: 'Refuse the change, or correct the objects before committing',
    },
  )
}
