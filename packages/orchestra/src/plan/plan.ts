import type { Change } from '../collector/index.ts'
import { type Decision, type LookContext, look, toSnapshot } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject } from '../config/key.ts'
import { OrchestraError } from '../errors.ts'
import { planScripts, recordScript, type ScriptedOperation } from '../manager/scripts.ts'
import { renderScript } from '../script/index.ts'
import type { Keyring } from '../store/keyring.ts'

export interface PlannedOperation {
  server: string
  backend: string
  action: string
  object: string
  identity: string | null
  /** Why it will not run now; null when it will. */
  waitsFor: string | null
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

/** What is to be done, without any server having been asked. */
export interface Plan {
  operations: PlannedOperation[]
  scripts: PlannedScriptText[]
  /** Objects for which nothing can be done, and why. */
  failures: PlannedFailure[]
}

/** An operation that a plan may hold, decided just now or waiting in the store. */
export interface Plannable extends ScriptedOperation {
  serverId: number
  identity: string | null
  waitsFor: string | null
}

export interface PlanContext {
  config: Config
  keyring: Keyring
  /** Names of servers by id. */
  servers: ReadonlyMap<number, string>
}

/** Looks at changes that are not operations yet, without writing anything. */
export async function planChanges(
  changes: readonly Change[],
  context: LookContext,
  keyring: Keyring,
): Promise<{ operations: Plannable[]; failures: PlannedFailure[] }> {
  const decisions = await look(changes, context)
  return {
    operations: decisions.flatMap((decision, index) => toPlannable(decision, index, keyring)),
    failures: decisions.flatMap(({ fate, model, key }) =>
      fate.kind === 'failed' ? [{ object: formatObject(model, key), reason: fate.reason }] : [],
    ),
  }
}

function toPlannable(decision: Decision, index: number, keyring: Keyring): Plannable[] {
  const { backend, serverId, action, model, key, identity, fate } = decision
  if (backend === null || serverId === null || (fate.kind !== 'waiting' && fate.kind !== 'held')) return []
  return [
    {
      id: -index - 1,
      backend,
      serverId,
      action,
      model,
      object_key: formatKey(key),
      keys: key,
      identity,
      snapshot: decision.object === null ? decision.snapshot : toSnapshot(decision.object, keyring),
      waitsFor: fate.kind === 'held' ? 'only disabled routes lead there' : null,
    },
  ]
}

/** Puts operations into the scripts that will run them: the same code that runs them renders them here. */
export function renderPlan(
  operations: readonly Plannable[],
  failures: readonly PlannedFailure[],
  context: PlanContext,
): Plan {
  const plan: Plan = { operations: [], scripts: [], failures: [...failures] }
  for (const [serverId, own] of Map.groupBy(operations, (operation) => operation.serverId)) {
    const server = context.servers.get(serverId) ?? `server ${serverId}`
    plan.operations.push(...own.map((operation) => describe(operation, server)))
    for (const script of planScripts(
      context.config,
      own.filter((operation) => operation.waitsFor === null),
    )) {
      const { operations: recorded, ...hooks } = recordScript(script, context.keyring)
      const calls = recorded.some(
        ({ recording }) =>
          recording.kind === 'recorded' && recording.steps.some((step) => step.kind === 'call'),
      )
      const rendered = renderScript({
        runId: 'plan',
        backend: script.backend.name,
        server,
        fence: 0,
        token: '0'.repeat(32),
        operations: calls ? [] : recorded,
        ...(script.backend.interpreter === undefined ? {} : { interpreter: script.backend.interpreter }),
        ...hooks,
      })
      for (const { index, error } of rendered.failures) {
        plan.failures.push({ object: recorded[index]?.label ?? '', reason: error.message })
      }
      const objects = script.operations.map(
        ({ action, model, object_key: key }) => `${action} ${model}:${key}`,
      )
      const text = calls
        ? objects.map((object) => `# ${object}: functions of the worker`).join('\n')
        : rendered.masked
      plan.scripts.push({ server, backend: script.backend.name, objects, script: text })
    }
  }
  return plan
}

function describe(operation: Plannable, server: string): PlannedOperation {
  const { backend, action, model, object_key: key, identity, waitsFor } = operation
  return { server, backend, action, object: `${model}:${key}`, identity, waitsFor }
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
