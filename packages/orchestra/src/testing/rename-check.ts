import { formerOf } from '../recording/renaming.ts'
import { type Check, type Checked, objectCheck, type SealedFixture } from './check.ts'
import type { Fixture } from './fixture.ts'
import { deleteOf, renameOf, saveOf } from './operation.ts'
import { renames } from './scripts.ts'
import type { Trial } from './trial.ts'

/** A rename leaves what a save under the new identity makes, and nothing of the old. */
export function renameChecks(checked: Checked, fixture: Fixture): Check[] {
  if (fixture.renamed === undefined || !renames(checked)) return []
  const keeps = formerOf(checked.backend) === 'left'
  if (keeps) return [objectCheck(checked, fixture, 'rename', 'renamed, both are there', renamedBeside)]
  return [objectCheck(checked, fixture, 'rename', 'renamed, only the new one is there', renamed)]
}

async function renamed(trial: Trial, { object, renamed }: SealedFixture): Promise<void> {
  const { backend } = trial
  if (renamed === undefined) return
  const before = await trial.tree()
  await trial.must(saveOf(backend, renamed))
  const expected = await trial.tree()
  await trial.must(deleteOf(backend, renamed), saveOf(backend, object))
  const rename = renameOf(backend, renamed, object)
  await trial.must(rename)
  await trial.mustBeTheSame('Renamed, the host is not as if the object always had its new identity', expected)
  await trial.mustNotChange('Renamed and saved again, something changed', saveOf(backend, renamed))
  // A connection that is lost after the rename makes a worker try it again.
  await trial.mustNotChange('Renamed again, something changed', rename)
  await trial.must(deleteOf(backend, renamed))
  await trial.mustBeAsBefore('Renamed and deleted, the host is not as it was', before)
}

async function renamedBeside(trial: Trial, { object, renamed }: SealedFixture): Promise<void> {
  const { backend } = trial
  if (renamed === undefined) return
  await trial.must(saveOf(backend, object))
  await trial.must(renameOf(backend, renamed, object))
  await trial.mustNotChange(
    'Saved again under both identities, something changed',
    saveOf(backend, object),
    saveOf(backend, renamed),
  )
}
