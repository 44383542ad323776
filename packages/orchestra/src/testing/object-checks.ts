import {
  type Check,
  type Checked,
  type CheckKind,
  objectCheck,
  type SealedFixture,
  seal,
  withTrial,
} from './check.ts'
import { failure } from './failure.ts'
import type { Fixture } from './fixture.ts'
import { foreignChecks } from './foreign-checks.ts'
import { foundChecks } from './found-checks.ts'
import { hostileCheck } from './hostile-check.ts'
import { keepingMarks } from './marks.ts'
import { actionOf, deleteOf, saveOf } from './operation.ts'
import { renameChecks } from './rename-check.ts'
import type { Trial } from './trial.ts'
import { truthCheck } from './truth-check.ts'

/** What a backend with `save` and `delete` does for each fixture. */
export function objectChecks(checked: Checked): Check[] {
  return [
    ...checked.fixtures.flatMap((fixture) => fixtureChecks(checked, fixture)),
    ...togetherCheck(checked),
  ]
}

function fixtureChecks(checked: Checked, fixture: Fixture): Check[] {
  const { backend } = checked
  const check = (
    kind: CheckKind,
    what: string,
    work: (trial: Trial, fixture: SealedFixture) => Promise<void>,
  ) => objectCheck(checked, fixture, kind, what, work)
  if (backend.save === undefined) return actionChecks(checked, fixture)
  const checks = [check('twice', 'saved again, nothing changes', savedTwice)]
  if (backend.delete !== undefined)
    checks.push(check('removal', 'deleted, the host is as it was', savedAndDeleted))
  if (fixture.changed !== undefined) checks.push(check('change', 'changed and changed back', changedAndBack))
  return [
    ...checks,
    ...renameChecks(checked, fixture),
    ...truthCheck(checked, fixture),
    ...foundChecks(checked, fixture),
    ...foreignChecks(checked, fixture),
    ...actionChecks(checked, fixture),
    ...(backend.delete === undefined ? [] : [hostileCheck(checked, fixture)]),
  ]
}

async function savedTwice(trial: Trial, { object }: SealedFixture): Promise<void> {
  await trial.must(saveOf(trial.backend, object))
  await trial.mustNotChange('Saved again, something changed', saveOf(trial.backend, object))
}

async function savedAndDeleted(trial: Trial, { object }: SealedFixture): Promise<void> {
  const before = await trial.tree()
  await trial.must(saveOf(trial.backend, object))
  await keepingMarks(trial, () => trial.must(deleteOf(trial.backend, object)))
  await trial.mustBeAsBefore('Saved and deleted, the host is not as it was', before)
  await trial.mustNotChange('Deleted again, something changed', deleteOf(trial.backend, object))
}

async function changedAndBack(trial: Trial, { object, changed }: SealedFixture): Promise<void> {
  if (changed === undefined) return
  await trial.must(saveOf(trial.backend, object))
  const before = await trial.tree()
  for (const next of [changed, object]) {
    const { outcomes } = await trial.must(saveOf(trial.backend, next))
    if (outcomes[0]?.change === 'unchanged')
      throw failure(
        `Saved ${next === changed ? 'with other values' : 'as it was at first'}, nothing changed on ${trial.host.name}`,
        'A step has a guard that looks at too little, or `changed` of the fixture is the same to this backend',
      )
    await trial.mustNotChange(
      'Saved again with the same values, something changed',
      saveOf(trial.backend, next),
    )
  }
  await trial.mustBeTheSame('Changed and changed back, the host is not as it was', before)
}

function actionChecks(checked: Checked, fixture: Fixture): Check[] {
  const { backend } = checked
  return Object.keys(backend.actions ?? {}).map((action) =>
    objectCheck(checked, fixture, 'action', `${action} succeeds`, async (trial, { object }) => {
      if (backend.save !== undefined) await trial.must(saveOf(backend, object))
      await trial.must(actionOf(backend, action, object))
    }),
  )
}

/** Objects of one script must not get into each other's way. */
function togetherCheck(checked: Checked): Check[] {
  const { backend, fixtures } = checked
  if (fixtures.length < 2 || backend.save === undefined) return []
  const run = () =>
    withTrial(checked, async (trial) => {
      const objects = fixtures.map((fixture) => seal(checked, fixture).object)
      const saves = objects.map((object) => saveOf(backend, object))
      trial.willPlace(...objects)
      await trial.must(...saves)
      await trial.mustNotChange('Saved again in one script, something changed', ...saves)
    })
  return [{ kind: 'twice', name: 'all together: saved again, nothing changes', run }]
}
