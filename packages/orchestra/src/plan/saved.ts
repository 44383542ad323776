import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { formatObject } from '../config/key.ts'
import { messageOf, OrchestraError } from '../errors.ts'
import type { Discrepancy } from '../sync/index.ts'

const text = z.string().nullable()

const operationSchema = z.strictObject({
  kind: z.enum(['create', 'update', 'replace', 'rename', 'move', 'delete', 'action']),
  server: z.string(),
  backend: z.string(),
  action: z.string(),
  object: z.string(),
  identity: text,
  /** Hash of what is rendered for it. */
  revision: text,
  /** What stood there when the plan was made. */
  placed: z.strictObject({ identity: z.string(), revision: text }).nullable(),
})

export const planSchema = z.strictObject({
  format: z.literal('orchestra plan 1'),
  createdAt: z.string(),
  selector: z.strictObject({
    server: z.string().optional(),
    backend: z.string().optional(),
    object: z.string().optional(),
    model: z.string().optional(),
  }),
  allowDeletes: z.number().int().nonnegative().nullable(),
  operations: z.array(operationSchema),
  /** What the database wants and what stood there, so that a file that was edited is told from one that was saved. */
  fingerprint: z.strictObject({ database: z.string(), placements: z.string() }),
})

/** What is to be done in one place, with both sides that it follows from. */
export type SavedOperation = z.output<typeof operationSchema>

/** A plan in a file: to be done later as it was shown, or not at all. */
export type SavedPlan = z.output<typeof planSchema>

export function savedPlan(
  operations: readonly SavedOperation[],
  { selector, allowDeletes }: { selector: SavedPlan['selector']; allowDeletes: number | undefined },
): SavedPlan {
  const sorted = operations.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
  return {
    format: 'orchestra plan 1',
    createdAt: new Date().toISOString(),
    selector,
    allowDeletes: allowDeletes ?? null,
    operations: sorted,
    fingerprint: fingerprintOf(sorted),
  }
}

export function toSavedOperation(
  { decision, placed, rendered }: Discrepancy,
  servers: ReadonlyMap<number, string>,
): SavedOperation {
  const { kind, serverId, backend, action, model, key, identity, fate } = decision
  return {
    kind,
    server: servers.get(serverId ?? 0) ?? `server ${serverId}`,
    backend: backend ?? '',
    action: fate.kind === 'kept' ? 'keep' : action,
    object: formatObject(model, key),
    identity,
    revision: rendered?.revision ?? null,
    placed: placed?.applied === true ? { identity: placed.identity, revision: placed.revision } : null,
  }
}

/** What tells one operation of a plan from the others. */
export function placeOf({ server, backend, object }: SavedOperation): string {
  return JSON.stringify([object, backend, server])
}

/** What the database wants there. */
export function wantedThere({ kind, action, identity, revision }: SavedOperation): string {
  return JSON.stringify([kind, action, identity, revision])
}

/** What stands there. */
export function standsThere({ placed }: SavedOperation): string {
  return JSON.stringify(placed === null ? null : [placed.identity, placed.revision])
}

function fingerprintOf(operations: readonly SavedOperation[]): SavedPlan['fingerprint'] {
  const digest = (side: (operation: SavedOperation) => string) => {
    const hash = createHash('sha256')
    for (const operation of operations) hash.update(`${placeOf(operation)} ${side(operation)}\n`)
    return hash.digest('base64url')
  }
  return { database: digest(wantedThere), placements: digest(standsThere) }
}

/** All that a plan would do and how it was asked for, in one text; not when, so that the same plan is the same. */
export function planContent({ selector, allowDeletes, operations }: SavedPlan): string {
  const { server, backend, object, model } = selector
  const parts = operations.map((one) => [placeOf(one), wantedThere(one), standsThere(one)]).sort()
  return JSON.stringify([[server, backend, object, model], allowDeletes, parts])
}

/** How much a plan does, as rules of approval count it. */
export interface Weight {
  /** Places that it takes objects from, wherever else they may be: what the guard counts. */
  removes: number
  /** Servers that it is about. */
  servers: number
}

export function weightOf({ operations }: Pick<SavedPlan, 'operations'>): Weight {
  return {
    removes: operations.filter(({ action }) => action === 'delete').length,
    servers: new Set(operations.map(({ server }) => server)).size,
  }
}

export async function writePlan(path: string, plan: SavedPlan): Promise<void> {
  await writeFile(path, `${JSON.stringify(plan, null, 2)}\n`)
}

/** @throws OrchestraError ORC_PLAN_INVALID */
export async function readPlan(path: string): Promise<SavedPlan> {
  const plan = parsePlan(path, await readText(path))
  assertUnchanged(plan, path)
  return plan
}

/** @throws OrchestraError ORC_PLAN_INVALID for a plan that is not as it was saved */
export function assertUnchanged({ operations, fingerprint }: SavedPlan, name: string): void {
  const { database, placements } = fingerprintOf(operations)
  if (fingerprint.database === database && fingerprint.placements === placements) return
  throw invalid(`${name} was changed after it was saved`)
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw invalid(`${path} cannot be read: ${messageOf(cause)}`, cause)
  }
}

function parsePlan(path: string, content: string): SavedPlan {
  try {
    return planSchema.parse(JSON.parse(content))
  } catch (cause) {
    throw invalid(`${path} is not a plan that this version of Orchestra saved`, cause)
  }
}

function invalid(message: string, cause?: unknown): OrchestraError {
  return new OrchestraError('ORC_PLAN_INVALID', message, {
    hint: 'Make one with `orchestra plan --save FILE`',
    cause,
  })
}
