import { usesCalls } from '../recording/calls.ts'
import { formerOf } from '../recording/renaming.ts'
import { type Check, type Checked, objectCheck, type SealedFixture, seal } from './check.ts'
import { failure, shortened } from './failure.ts'
import type { Fixture } from './fixture.ts'
import { withoutMarks } from './marks.ts'
import { deleteOf, identityOf, type Operation, pruneOf, renameOf, saveOf } from './operation.ts'
import { renames } from './scripts.ts'
import type { Trial } from './trial.ts'

/**
 * What a server has already and Orchestra did not make is neither changed nor removed. Something of the kind is made by saving an
 * object and taking its mark away: then nothing tells it from what somebody made by hand.
 */
export function foreignChecks(checked: Checked, fixture: Fixture): Check[] {
  const check = (what: string, work: (trial: Trial, fixture: SealedFixture) => Promise<void>): Check => {
    const made = objectCheck(checked, fixture, 'foreign', what, work)
    return isDoneByCalls(checked, fixture)
      ? { ...made, skip: 'functions of the worker leave no marks' }
      : made
  }
  const checks = [check('what is not ours is neither changed nor removed', leavesAlone)]
  if (fixture.renamed !== undefined && renames(checked))
    checks.push(check('renamed onto what is not ours, both stay', leavesBothAlone))
  return checks
}

/** An object that cannot be recorded fails the check itself, with the reason. */
function isDoneByCalls(checked: Checked, fixture: Fixture): boolean {
  try {
    return usesCalls([saveOf(checked.backend, seal(checked, fixture).object)])
  } catch {
    return false
  }
}

async function leavesAlone(trial: Trial, { object, changed, renamed }: SealedFixture): Promise<void> {
  const { backend } = trial
  await trial.must(saveOf(backend, object))
  await withoutMarks(trial, 'objects', async () => {
    await mustLeaveAlone(trial, 'Saved', saveOf(backend, object))
    if (changed !== undefined)
      await mustLeaveAlone(trial, 'Saved with other values', saveOf(backend, changed))
    if (renamed !== undefined && renames(trial) && formerOf(backend) === 'gone')
      await mustLeaveAlone(trial, 'Renamed', renameOf(backend, renamed, object))
    if (backend.delete !== undefined) await mustLeaveAlone(trial, 'Deleted', deleteOf(backend, object))
    if (backend.prune !== undefined)
      await mustLeaveAlone(trial, 'Pruned', pruneOf(backend, identityOf(backend, object)))
  })
}

async function leavesBothAlone(trial: Trial, { object, renamed }: SealedFixture): Promise<void> {
  const { backend } = trial
  if (renamed === undefined) return
  await trial.must(saveOf(backend, renamed))
  await withoutMarks(trial, 'objects', async () => {
    const { outcomes } = await trial.run(saveOf(backend, object))
    // They share something, so that one alone cannot be there.
    if (outcomes[0]?.status === 'not ours') return
    await mustLeaveAlone(trial, 'Renamed onto it', renameOf(backend, renamed, object))
    await trial.must(...(backend.delete === undefined ? [] : [deleteOf(backend, object)]))
  })
}

/** An operation that has to be refused, without a trace. */
export async function mustLeaveAlone(trial: Trial, what: string, operation: Operation): Promise<void> {
  const before = await trial.tree()
  const [outcome] = (await trial.run(operation)).outcomes
  if (outcome?.status === 'not ours')
    return trial.mustBeUntouched(`${what}, something that is not ours was changed`, before)
  throw failure(
    `${what} although it is there and not ours: ${outcome?.label} ended as ${outcome?.status}:\n${shortened(outcome?.output ?? '')}`,
    'Say what commands make: `script.own(...)` in the method, or `exists` or `list` of the backend',
  )
}
