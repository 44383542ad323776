import { formerOf } from '../recording/renaming.ts'
import { type Check, type Checked, objectCheck, type SealedFixture } from './check.ts'
import { failure } from './failure.ts'
import type { Fixture, SealedObject } from './fixture.ts'
import { listHost, readHost } from './inspection.ts'
import { keepingMarks } from './marks.ts'
import { deleteOf, identityOf, pruneOf, renameOf, saveOf } from './operation.ts'
import { renames } from './scripts.ts'
import type { Trial } from './trial.ts'

/** What `list`, `read` and `prune` say and do. */
export function foundChecks(checked: Checked, fixture: Fixture): Check[] {
  if (checked.backend.list === undefined) return []
  const checks = [objectCheck(checked, fixture, 'found', '`list` names it while it is there', isListed)]
  if (checked.backend.prune !== undefined)
    checks.push(objectCheck(checked, fixture, 'found', '`prune` removes it', isPruned))
  return checks
}

async function isListed(trial: Trial, fixture: SealedFixture): Promise<void> {
  const { backend } = trial
  const identity = identityOf(backend, fixture.object)
  await trial.must(saveOf(backend, fixture.object))
  await mustList(trial, identity, 'saved')
  await mustRead(trial, identity)
  if (fixture.renamed !== undefined && renames({ backend }))
    await isListedRenamed(trial, fixture, fixture.renamed)
  if (backend.delete === undefined) return
  const last = fixture.renamed !== undefined && renames({ backend }) ? fixture.renamed : fixture.object
  await trial.must(deleteOf(backend, last))
  await mustNotList(trial, identityOf(backend, last), 'deleted')
}

async function isListedRenamed(
  trial: Trial,
  { object }: SealedFixture,
  renamed: SealedObject,
): Promise<void> {
  const { backend } = trial
  await trial.must(renameOf(backend, renamed, object))
  await mustList(trial, identityOf(backend, renamed), 'renamed')
  if (formerOf(backend) === 'left') return
  await mustNotList(trial, identityOf(backend, object), 'renamed away')
}

async function isPruned(trial: Trial, { object }: SealedFixture): Promise<void> {
  const identity = identityOf(trial.backend, object)
  const before = await trial.tree()
  await trial.must(saveOf(trial.backend, object))
  await keepingMarks(trial, () => trial.must(pruneOf(trial.backend, identity)))
  await mustNotList(trial, identity, 'pruned')
  await trial.mustBeAsBefore('Saved and pruned, the host is not as it was', before)
  await trial.mustNotChange('Pruned again, something changed', pruneOf(trial.backend, identity))
}

async function mustList(trial: Trial, identity: string, what: string): Promise<void> {
  const found = await listHost(trial.backend, trial.host)
  const times = found.filter((one) => one === identity).length
  if (times === 1) return
  const names = found.length === 0 ? 'nothing' : found.slice(0, 20).join(', ')
  throw failure(
    `After it was ${what}, \`list\` names ${identity} ${times === 0 ? 'not at all' : `${times} times`}; it names ${names}`,
    '`list` prints the identities that `identity` gives, one a line',
  )
}

async function mustNotList(trial: Trial, identity: string, what: string): Promise<void> {
  const found = await listHost(trial.backend, trial.host)
  if (found.includes(identity)) throw failure(`After it was ${what}, \`list\` still names ${identity}`)
}

async function mustRead(trial: Trial, identity: string): Promise<void> {
  if (trial.backend.read === undefined) return
  const text = await readHost(trial.backend, trial.host, identity)
  if (text.trim() === '') throw failure(`\`read\` tells nothing about ${identity}, which is there`)
}
