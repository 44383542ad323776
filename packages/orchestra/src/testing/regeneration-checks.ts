import { plain } from '../script/rendered.ts'
import { type Check, type Checked, type CheckKind, seal, withTrial } from './check.ts'
import { failure } from './failure.ts'
import type { SealedObject } from './fixture.ts'
import { mustLeaveAlone } from './foreign-checks.ts'
import { hostileCheck } from './hostile-check.ts'
import { withoutMarks } from './marks.ts'
import { type Operation, syncOf } from './operation.ts'
import type { Trial } from './trial.ts'
import { survivesDamage } from './truth-check.ts'

type Work = (
  trial: Trial,
  objects: readonly SealedObject[],
  changed: readonly SealedObject[],
) => Promise<void>

/** What a backend with `sync` does with all fixtures together. */
export function regenerationChecks(checked: Checked): Check[] {
  const check = (kind: CheckKind, what: string, work: Work): Check => ({
    kind,
    name: `all together: ${what}`,
    run: () => withTrial(checked, (trial) => withObjects(checked, trial, work)),
  })
  const changes = checked.fixtures.some(
    ({ changed, renamed }) => changed !== undefined || renamed !== undefined,
  )
  return [
    check('twice', 'written again, nothing changes', writtenTwice),
    check('removal', 'without one, nothing of it is left', withoutOne),
    check('removal', 'without any, the host is as it was', withoutAny),
    ...(changes ? [check('change', 'changed and changed back', changedAndBack)] : []),
    check('change', 'a check that fails keeps what was there', failingCheck),
    check('truth', 'a check tells the truth', (trial, objects) => tellsTruth(trial, objects)),
    check('foreign', 'what is not ours is left alone', leavesAlone),
    ...checked.fixtures.map((fixture) => hostileCheck(checked, fixture)),
  ]
}

function withObjects(checked: Checked, trial: Trial, work: Work): Promise<void> {
  const fixtures = checked.fixtures.map((fixture) => seal(checked, fixture))
  const objects = fixtures.map(({ object }) => object)
  trial.willPlace(...objects)
  return work(
    trial,
    objects,
    fixtures.map(({ object, changed, renamed }) => renamed ?? changed ?? object),
  )
}

async function writtenTwice(trial: Trial, objects: readonly SealedObject[]): Promise<void> {
  await trial.must(syncOf(trial.backend, objects))
  await trial.mustNotChange('Written again, something changed', syncOf(trial.backend, objects))
}

async function withoutOne(trial: Trial, objects: readonly SealedObject[]): Promise<void> {
  const fewer = objects.slice(1)
  await trial.must(syncOf(trial.backend, fewer))
  const expected = await trial.tree()
  await trial.must(syncOf(trial.backend, objects))
  await trial.must(syncOf(trial.backend, fewer))
  await trial.mustBeTheSame('With an object that came and went, the host is not as without it', expected)
}

async function withoutAny(trial: Trial, objects: readonly SealedObject[]): Promise<void> {
  const empty = await trial.tree()
  await trial.must(syncOf(trial.backend, objects))
  await trial.must(syncOf(trial.backend, []))
  await trial.mustBeTheSame('Without any object, the host is not as it was before the first', empty)
}

async function changedAndBack(
  trial: Trial,
  objects: readonly SealedObject[],
  changed: readonly SealedObject[],
): Promise<void> {
  await trial.must(syncOf(trial.backend, objects))
  const before = await trial.tree()
  for (const next of [changed, objects]) {
    const { outcomes } = await trial.must(syncOf(trial.backend, next))
    if (outcomes[0]?.change === 'unchanged') throw failure('With other values, nothing changed')
  }
  await trial.mustBeTheSame('Changed and changed back, the host is not as it was', before)
}

async function failingCheck(trial: Trial, objects: readonly SealedObject[]): Promise<void> {
  await trial.must(syncOf(trial.backend, objects.slice(1)))
  const before = await trial.tree()
  const { outcomes } = await trial.run(withFailingChecks(syncOf(trial.backend, objects)))
  if (outcomes[0]?.status === 'ok')
    throw failure(
      'No file has a check: what the service cannot read takes the place of what it can',
      'Give script.file a `check`',
    )
  await trial.mustBeTheSame('A check failed, and the host is not as it was', before)
}

function withFailingChecks(operation: Operation): Operation {
  const { recording } = operation
  if (recording.kind === 'failed') return operation
  const steps = recording.steps.map((step) =>
    step.kind === 'file' && step.check !== null ? { ...step, check: plain('exit 1') } : step,
  )
  return { ...operation, recording: { kind: 'recorded', steps } }
}

async function leavesAlone(
  trial: Trial,
  objects: readonly SealedObject[],
  changed: readonly SealedObject[],
): Promise<void> {
  await trial.must(syncOf(trial.backend, objects))
  await withoutMarks(trial, 'shared', async () => {
    await mustLeaveAlone(trial, 'Written again', syncOf(trial.backend, objects))
    await mustLeaveAlone(trial, 'Written with other values', syncOf(trial.backend, changed))
  })
}

async function tellsTruth(trial: Trial, objects: readonly SealedObject[]): Promise<void> {
  const sync = syncOf(trial.backend, objects)
  await trial.must(sync)
  await survivesDamage(trial, sync)
}
