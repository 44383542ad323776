import { usesCalls } from '../recording/calls.ts'
import type { RenderedScript } from '../script/index.ts'
import { type Checked, type SealedFixture, seal } from './check.ts'
import { failure } from './failure.ts'
import { actionOf, deleteOf, type Operation, renameOf, saveOf, syncOf } from './operation.ts'
import { scriptOf } from './workbench.ts'

/** A script that a backend makes of a fixture. */
export interface NamedScript {
  /** As `shop.save`. */
  name: string
  operation: Operation
  script: RenderedScript
}

/** Every script that a backend makes of its fixtures, by the fixture. They are the same each time. */
export function scriptsOf(checked: Checked): ReadonlyMap<string, readonly NamedScript[]> {
  const { backend } = checked
  const fixtures = checked.fixtures.map((fixture) => seal(checked, fixture))
  if (backend.sync !== undefined) {
    const all = syncOf(
      backend,
      fixtures.map(({ object }) => object),
    )
    return new Map([['all', [render(checked, 'all.sync', all)]]])
  }
  return new Map(fixtures.map((fixture) => [fixture.name, ofFixture(checked, fixture)]))
}

function ofFixture(checked: Checked, { name, object, changed, renamed }: SealedFixture): NamedScript[] {
  const { backend } = checked
  const operations: [string, Operation][] = []
  if (backend.save !== undefined) operations.push(['save', saveOf(backend, object)])
  if (backend.save !== undefined && changed) operations.push(['save-changed', saveOf(backend, changed)])
  if (renamed && renames(checked)) operations.push(['rename', renameOf(backend, renamed, object)])
  for (const action of Object.keys(backend.actions ?? {}))
    operations.push([action, actionOf(backend, action, object)])
  if (backend.delete !== undefined) operations.push(['delete', deleteOf(backend, object)])
  // Functions of the worker have no script.
  const scripted = operations.filter(([, { recording }]) => !usesCalls([{ recording }]))
  return scripted.map(([what, operation]) => render(checked, `${name}.${what}`, operation))
}

/** Whether another identity is something that the backend's scripts see to. */
export function renames({ backend }: Pick<Checked, 'backend'>): boolean {
  return backend.save !== undefined && (backend.rename !== undefined || backend.onRename !== 'refuse')
}

function render({ backend }: Checked, name: string, operation: Operation): NamedScript {
  const script = scriptOf(backend, [operation], { runId: 'run', token: '0'.repeat(32) })
  const problem =
    operation.recording.kind === 'failed' ? operation.recording.error : script.failures[0]?.error
  if (problem !== undefined) throw failure(`${name} cannot be rendered: ${problem.message}`, problem.hint)
  return { name, operation, script }
}

/** A script as people see it, whatever release of Orchestra wrote it. */
export function shownScript({ script }: NamedScript): string {
  return script.masked.replace(/^# Orchestra's prelude \w+\n/, '')
}
