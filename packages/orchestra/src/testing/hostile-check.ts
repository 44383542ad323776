import { validate } from '../collector/load.ts'
import { runProgram } from '../methods/index.ts'
import { type Check, type Checked, withTrial } from './check.ts'
import { failure, shortened } from './failure.ts'
import type { Fixture, RawObject, SealedObject } from './fixture.ts'
import { escapedName, hostileTexts, type TextPath, textPathsOf, withText } from './hostile.ts'
import { deleteOf, type Operation, saveOf, syncOf } from './operation.ts'
import type { Tree } from './tree.ts'
import type { Trial } from './trial.ts'
import { scriptOf } from './workbench.ts'

/** Puts hostile text wherever the schema and the backend take it, and looks for what got out of its quotes. */
export function hostileCheck(checked: Checked, fixture: Fixture): Check {
  return {
    kind: 'hostile',
    name: `${fixture.name}: no text gets out of its quotes`,
    run: () => withTrial(checked, (trial) => tryTexts(checked, fixture, trial)),
  }
}

async function tryTexts(checked: Checked, fixture: Fixture, trial: Trial): Promise<void> {
  const before = await trial.tree()
  const paths = textPathsOf(fixture.object).filter(([field]) => !checked.trusted.includes(String(field)))
  for (const text of hostileTexts) {
    const taken = paths.filter((path) => isTaken(checked, fixture.object, [path], text))
    const together = taken.length > 1 && isTaken(checked, fixture.object, taken, text)
    for (const one of together ? [taken] : taken.map((path) => [path]))
      await tryText(checked, fixture, one, text, trial)
  }
  mustNotEscape(await trial.tree(), fixture.name)
  await trial.mustBeAsBefore(
    `${fixture.name}: saved and deleted with hostile texts, the host is not as before`,
    before,
  )
}

/** Whether neither the schema nor the backend refuses it. */
function isTaken(checked: Checked, raw: RawObject, paths: readonly TextPath[], text: string): boolean {
  const object = sealedOrRefused(checked, withText(raw, paths, text))
  if (object === undefined) return false
  const operation = placing(checked, object)
  if (operation.recording.kind === 'failed') return false
  return scriptOf(checked.backend, [operation], { runId: 'run' }).failures.length === 0
}

function sealedOrRefused({ backend }: Checked, raw: RawObject): SealedObject | undefined {
  const loaded = validate(backend.model, 'hostile', raw)
  return loaded.kind === 'present' ? loaded.object : undefined
}

function placing({ backend }: Checked, object: SealedObject): Operation {
  return backend.sync === undefined ? saveOf(backend, object) : syncOf(backend, [object])
}

function removing({ backend }: Checked, object: SealedObject): Operation {
  return backend.sync === undefined ? deleteOf(backend, object) : syncOf(backend, [])
}

/** What is taken has to be sound shell. */
function mustParse({ backend }: Checked, operation: Operation, what: string): void {
  if (backend.interpreter !== undefined) return
  const { text: input } = scriptOf(backend, [operation], { runId: 'run' })
  const { status, stderr } = runProgram(['bash', '-n'], input)
  if (status !== 0) throw failure(`${what}: the script is no shell any more: ${shortened(stderr)}`)
}

/** Saves it, again, and deletes it. The server may refuse it too; then it has to stay as it was. */
async function tryText(
  checked: Checked,
  { name, object: raw }: Fixture,
  paths: readonly TextPath[],
  text: string,
  trial: Trial,
): Promise<void> {
  const object = sealedOrRefused(checked, withText(raw, paths, text))
  if (object === undefined) return
  const what = `${name} with ${describe(paths, text)}`
  mustParse(checked, placing(checked, object), what)
  const { outcomes } = await trial.run(placing(checked, object))
  const saved = outcomes[0]?.status === 'ok'
  const tree = await trial.tree()
  mustNotEscape(tree, what)
  if (saved)
    await trial.mustNotChangeSince(tree, `${what}: saved again, something changed`, placing(checked, object))
  const removed = await trial.run(removing(checked, object))
  if (saved && removed.outcomes[0]?.status !== 'ok')
    throw failure(`${what} was saved and cannot be deleted: ${removed.outcomes[0]?.output}`)
}

function mustNotEscape(tree: Tree, what: string): void {
  const escaped = [...tree.keys()].find((path) => path.endsWith(`/${escapedName}`))
  if (escaped === undefined) return
  throw failure(
    `${what}: text was run as a command, it made ${escaped}`,
    'Let sh quote it: no raw(), no eval, no quotes around a value, no bash -c with a value in it',
  )
}

function describe(paths: readonly TextPath[], text: string): string {
  const shown =
    text.length > 60
      ? `${JSON.stringify(text.slice(0, 20))} and ${text.length - 20} more`
      : JSON.stringify(text)
  return `${shown} in ${paths.map((path) => path.join('.')).join(' and ')}`
}
