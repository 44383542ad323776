import type { Permission } from '../access/index.ts'
import { parseKey } from '../config/key.ts'
import { modelNamed } from '../config/names.ts'
import type { OrchestraError } from '../errors.ts'
import { unknownLog } from '../logs/index.ts'
import { isAtWork, type WorkTarget } from '../manager/index.ts'
import { unknownUnit } from '../placements/index.ts'
import type { Narrowing } from '../store/index.ts'
import type { Context } from './context.ts'
import { unknownObject } from './known.ts'
import { lacksThere } from './permit.ts'
import { visibleRows } from './visible.ts'

type Asking = Pick<Context, 'store' | 'config' | 'principal'>

/**
 * Which operations of a target somebody may do something with; undefined for all. What he sees none of is nowhere to him.
 * @throws OrchestraError ORC_OBJECT_UNKNOWN, ORC_LOG_UNKNOWN, ORC_UNIT_UNKNOWN, ORC_FORBIDDEN
 */
export async function reachOf(
  context: Asking,
  target: WorkTarget,
  { verb, permission }: { verb: string; permission: Permission },
): Promise<Narrowing | undefined> {
  const reached = visibleRows(context, 'status.read', permission)
  if (reached === undefined || (await isAtWork(context.store, target, reached))) return reached
  const refusal = lacksThere(verb, [permission])
  const seen = visibleRows(context, 'status.read')
  if (seen === undefined || (await isAtWork(context.store, target, seen))) throw refusal
  const unseen = await unknown(context, target)
  unseen.cause = refusal
  throw unseen
}

async function unknown(context: Asking, target: WorkTarget): Promise<OrchestraError> {
  if (target.kind === 'log') return unknownLog(target.id)
  if (target.kind === 'unit') return unknownUnit(target.id)
  return unknownObject(context, modelNamed(context.config, target.model), parseKey(target.key))
}
