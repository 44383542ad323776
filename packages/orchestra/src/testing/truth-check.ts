import type { Condition, Difference } from '../inspect/index.ts'
import { type Expectation, expectationOf } from '../inspect/index.ts'
import { usesCalls } from '../recording/calls.ts'
import { type Check, type Checked, objectCheck, type SealedFixture, seal } from './check.ts'
import { type Damage, damagesOf } from './damage.ts'
import { failure } from './failure.ts'
import type { Fixture } from './fixture.ts'
import { runOn } from './host.ts'
import { inspectHost } from './inspection.ts'
import { deleteOf, type Operation, saveOf } from './operation.ts'
import { compareTrees } from './tree.ts'
import type { Trial } from './trial.ts'

/** What `orchestra sync --check` says of a backend's objects is so, and looking changes nothing. */
export function truthCheck(checked: Checked, fixture: Fixture): Check[] {
  const check = objectCheck(checked, fixture, 'truth', 'a check tells the truth', tellsTruth)
  const skip = whyNot(checked, fixture)
  return [skip === undefined ? check : { ...check, skip }]
}

function whyNot(checked: Checked, fixture: Fixture): string | undefined {
  const { interpreter } = checked.backend
  if (interpreter !== undefined) return `a program for ${interpreter[0]} cannot be asked`
  return isDoneByCalls(checked, fixture) ? 'a function of the worker cannot be asked' : undefined
}

/** An object that cannot be recorded fails the check itself, with the reason. */
function isDoneByCalls(checked: Checked, fixture: Fixture): boolean {
  try {
    return usesCalls([saveOf(checked.backend, seal(checked, fixture).object)])
  } catch {
    return false
  }
}

async function tellsTruth(trial: Trial, { object }: SealedFixture): Promise<void> {
  const save = saveOf(trial.backend, object)
  const isClean = await isInSync(trial, save)
  const { outcomes } = await trial.must(save)
  if (isClean && outcomes[0]?.change === 'changed')
    throw lie(
      'Before it was saved, a check said that it is as it should be; saving it changed something',
      save,
    )
  await survivesDamage(trial, save)
  if (trial.backend.delete === undefined) return
  const removed = await trial.must(deleteOf(trial.backend, object))
  if (removed.outcomes[0]?.change === 'changed' && (await isInSync(trial, save)))
    throw lie('After it was deleted, a check still says that it is as it should be', save)
}

/** After a save everything is told to be right; after each damage, what was damaged; and the next save repairs it. */
export async function survivesDamage(trial: Trial, save: Operation): Promise<void> {
  await mustBeInSync(trial, save, 'After it was saved')
  for (const damage of damagesOf(expectationOf(save.recording), trial.backend.ignore)) {
    await runOn(trial.host, damage.command)
    await mustTell(trial, save, damage)
    await trial.must(save)
    await mustBeInSync(trial, save, `After ${damage.what} and another save`)
  }
}

/** Guards that look at too little are the usual reason. */
function lie(message: string, { recording }: Operation) {
  const steps = recording.kind === 'recorded' ? recording.steps : []
  const guarded = steps.flatMap((step) =>
    step.kind === 'run'
      ? [step.unless, step.onlyIf].flatMap((guard) => (guard === null ? [] : [`  ${guard.masked}`]))
      : [],
  )
  return failure([message, ...(guarded.length > 0 ? ['Its guards:', ...guarded] : [])].join('\n'))
}

async function mustTell(trial: Trial, save: Operation, { path, what }: Damage): Promise<void> {
  const verdict = await look(trial, save)
  const told = verdict.state === 'in-sync' ? [] : verdict.differences
  if (verdict.state !== 'unknown' && told.some(({ title }) => title === path)) return
  throw failure(`After ${what}, a check does not tell of it; it says ${describe(verdict)}`)
}

async function mustBeInSync(trial: Trial, save: Operation, when: string): Promise<void> {
  const verdict = await look(trial, save)
  if (verdict.state === 'in-sync') return
  const hint =
    verdict.state === 'unknown'
      ? 'Give every command `unless` or `onlyIf`: a check asks them, and runs nothing else'
      : 'A guard or a file is never as the step before or after it leaves it'
  throw failure(`${when}, a check says ${describe(verdict)}`, hint)
}

async function isInSync(trial: Trial, save: Operation): Promise<boolean> {
  const { state } = await look(trial, save)
  return state === 'in-sync'
}

/** A check that changes anything is none. */
async function look(trial: Trial, { recording }: Operation): Promise<Condition> {
  const before = await trial.tree()
  const expectation: Expectation = expectationOf(recording)
  const verdict = await inspectHost(trial.backend, trial.host, expectation)
  const changes = compareTrees(before, await trial.tree(), { times: true })
  if (changes.length === 0) return verdict
  throw failure(['A check changed something:', ...changes].join('\n'), 'Guards and `list` only look')
}

function describe(verdict: Condition): string {
  if (verdict.state === 'in-sync') return 'that it is as it should be'
  return [`${verdict.state}:`, ...verdict.differences.map(line)].join('\n')
}

function line({ title, kind, reason, diff }: Difference): string {
  return `  ${title}: ${reason ?? diff ?? kind}`
}
