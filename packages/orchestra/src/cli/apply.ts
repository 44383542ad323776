import type { Command } from 'commander'
import { isStill, planApply, shortUnit, unitWork } from '../operate/index.ts'
import type { Applied } from '../plan/index.ts'
import type { SyncWork } from '../sync/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { expectWorker, follow } from './follow.ts'
import { planNamed } from './plan-named.ts'
import type { Ending, Session } from './session.ts'
import { Progress, workText } from './work-progress.ts'

interface ApplyOptions {
  allowDeletes?: number
  breakGlass?: string
  detach?: boolean
}

export function addApplyCommand(program: Command, act: Act): void {
  const apply = program
    .command('apply <plan>')
    .description(
      'Do what a plan shows, by its number or a file, or nothing when the database or what stands moved on',
    )
    .option(
      '--allow-deletes <count>',
      'How many objects of one backend on one server it may remove',
      wholeNumber(0),
    )
    .option(
      '--break-glass <reason>',
      'Do it without the approval that it needs; the audit keeps why, and an incident is opened',
    )
    .option('--detach', 'Do not wait for its end')
    .action(act(applyCommand))
  withExamples(apply, 'apply 41', 'apply tonight.json --detach')
}

async function applyCommand(
  session: Session,
  named: string,
  { detach = false, allowDeletes, breakGlass }: ApplyOptions,
): Promise<Ending> {
  const { terminal } = session
  // What the configuration says is wrong is told before what a file says.
  await session.config()
  const plan = await planNamed(named)
  const applied = await session.run(planApply, { plan, allowDeletes, breakGlass })
  const worked = applied.operations > 0 && (await expectWorker(session))
  if (detach || applied.operations === 0) {
    terminal.tell(applied, appliedLine(applied))
    return 'done'
  }
  const { work, left } = worked
    ? await watchUnit(session, applied.unitId)
    : { work: await session.run(unitWork, { unit: applied.unitId }), left: true }
  terminal.tell({ ...applied, work }, appliedLine(applied), workText(work))
  if (left) terminal.note(`it goes on in the worker: orchestra unit show ${shortUnit(applied.unitId)}`)
  return work.waiting + work.running === 0 ? 'done' : 'unfinished'
}

function appliedLine({ unitId, operations, alreadyWaiting }: Applied): string {
  const waiting = alreadyWaiting === 0 ? '' : `; ${alreadyWaiting} more waited already`
  return operations === 0
    ? `nothing had to be recorded${waiting}`
    : `${operations} operations were recorded as unit ${shortUnit(unitId)}${waiting}`
}

async function watchUnit(session: Session, unit: string): Promise<{ work: SyncWork; left: boolean }> {
  const progress = new Progress(session.terminal)
  try {
    const { value, left } = await follow(session, async () => {
      const work = await session.run(unitWork, { unit })
      progress.show(workText(work))
      return { value: work, ended: isStill(work) }
    })
    return { work: value, left }
  } finally {
    progress.close()
  }
}
